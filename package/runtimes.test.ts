import { afterAll, beforeAll, expect, test } from 'bun:test';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseGrant, parseSignedUrl, readGrantPath } from '../signing/index.ts';
import vectors from '../signing/vectors/sign.json';

/** What `signway/sign` is, in one module; `node:crypto` is left to the runtime. */
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'signway-runtimes-'));
  const built = await Bun.build({ entrypoints: [join(import.meta.dir, 'sign.ts')], target: 'node' });
  await writeFile(join(folder, 'sign.mjs'), await built.outputs[0]!.text());
  await writeFile(join(folder, 'backend.mjs'), BACKEND);
  await writeFile(join(folder, 'run.mjs'), RUN);
  await writeFile(join(folder, 'worker.mjs'), WORKER);
  await writeFile(join(folder, 'worker.capnp'), WORKER_CONFIG);
  await cp(join(import.meta.dir, '../signing/vectors/sign.json'), join(folder, 'sign.json'));
}, 60_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

const RUNTIMES = [
  ['bun', [process.execPath, 'run.mjs']],
  ['node', ['node', 'run.mjs']],
  ['deno', ['deno', 'run', '--allow-read', 'run.mjs']],
] as const;

for (const [name, command] of RUNTIMES) {
  test.skipIf(Bun.which(command[0]) === null)(
    `${name} signs every vector, and answers a page that asks`,
    async () => {
      const child = Bun.spawn([...command], {
        cwd: folder,
        env: { ...process.env, DENO_NO_UPDATE_CHECK: '1' },
        stderr: 'pipe',
      });
      const [stdout, stderr] = await Promise.all([
        new Response(child.stdout).text(),
        new Response(child.stderr).text(),
      ]);
      expect([stderr, await child.exited]).toEqual(['', 0]);
      const said = JSON.parse(stdout);
      expect(said.signed).toEqual(vectors.vectors.map(({ signedUrl }) => signedUrl));
      expectSigned(said.answers);
    },
    60_000,
  );
}

test.skipIf(Bun.which('workerd') === null)(
  'workerd answers a page that asks',
  async () => {
    const port = freePort();
    const child = Bun.spawn(['workerd', 'serve', 'worker.capnp', `--socket-addr=http=127.0.0.1:${port}`], {
      cwd: folder,
      stdout: 'inherit',
      stderr: 'inherit',
    });
    try {
      const answers = await Promise.all([
        askWhenUp(`http://127.0.0.1:${port}/sign`, CALL),
        askWhenUp(`http://127.0.0.1:${port}/grant`, {}),
      ]);
      expectSigned(answers);
    } finally {
      child.kill();
      await child.exited;
    }
  },
  60_000,
);

const CALL = { method: 'POST', url: 'https://api.test/v1/chat' };

const BACKEND = `
import { createGrantHandler, createSignHandler } from './sign.mjs';

const common = {
  id: 'my-id',
  secret: 'my-secret',
  host: 'https://gw.example.com',
  authorize: (request) => request.headers.get('cookie'),
};
export const sign = createSignHandler({ ...common, allow: [${JSON.stringify(CALL)}], once: true });
export const grant = createGrantHandler({ ...common, prefix: 'https://api.test/v1/', methods: ['POST'], uses: 9 });
`;

const RUN = `
import { readFileSync } from 'node:fs';
import { grant, sign } from './backend.mjs';
import { signUrl } from './sign.mjs';

const ask = async (endpoint, body) => {
  const headers = { 'content-type': 'application/json', cookie: 'user:42' };
  const request = new Request('https://app.example.com/', { method: 'POST', headers, body: JSON.stringify(body) });
  return (await endpoint(request)).json();
};
const { vectors } = JSON.parse(readFileSync('sign.json', 'utf8'));
console.log(JSON.stringify({
  signed: vectors.map(({ input }) => signUrl(input)),
  answers: [await ask(sign, ${JSON.stringify(CALL)}), await ask(grant, {})],
}));
`;

const WORKER = `
import { grant, sign } from './backend.mjs';

export default { fetch: (request) => (new URL(request.url).pathname === '/grant' ? grant : sign)(request) };
`;

const WORKER_CONFIG = `
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [(name = "main", worker = (
    modules = [
      (name = "worker.mjs", esModule = embed "worker.mjs"),
      (name = "backend.mjs", esModule = embed "backend.mjs"),
      (name = "sign.mjs", esModule = embed "sign.mjs"),
    ],
    compatibilityDate = "2025-09-01",
    compatibilityFlags = ["nodejs_compat"],
  ))],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
`;

interface Answered {
  url: string;
}

function expectSigned([signed, granted]: readonly [Answered, Answered]): void {
  const url = parseSignedUrl(new URL(signed.url).search.slice(1));
  expect(url.upstream.href).toBe(CALL.url);
  expect(Object.fromEntries(url.parameters)['X-Sw-Subject']).toBe('user:42');
  const grant = parseGrant(readGrantPath({ path: new URL(granted.url).pathname, query: '' })!.token);
  expect(grant.upstream.href).toBe('https://api.test/v1/');
}

/** Asks until somebody listens. */
async function askWhenUp(url: string, body: object): Promise<Answered> {
  const headers = { 'content-type': 'application/json', cookie: 'user:42' };
  const init = { method: 'POST', headers, body: JSON.stringify(body) };
  for (let attempts = 0; ; attempts++) {
    const answer = await fetch(url, init).catch(() => null);
    if (answer !== null) return (await answer.json()) as Answered;
    if (attempts === 200) throw new Error(`nobody listens at ${url}`);
    await Bun.sleep(50);
  }
}

function freePort(): number {
  const listener = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } });
  const { port } = listener;
  listener.stop(true);
  return port;
}
