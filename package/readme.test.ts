/** Does what the README says, in its order, as someone would who has nothing but the tarball. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { copyFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { CA, FILES } from '../server/testing/certificates.ts';
import { emptyFolder, type UserFolder, type UserProcess } from './testing/emptyFolder.ts';
import { listeningUrl } from './testing/listeningUrl.ts';
import { type PackedPackage, packPackage } from './testing/packPackage.ts';

const ROOT = join(import.meta.dir, '..');
const README = await Bun.file(join(ROOT, 'README.md')).text();
const EVENTS = 'data: {"choices":[{"delta":{"content":"This is a test"}}]}\n\ndata: [DONE]\n\n';
const KEY = 'sk-the-key';

let packed: PackedPackage;
let folder: UserFolder;
let received: { path: string; authorization: string | null; body: string } | undefined;
let upstream: ReturnType<typeof startUpstream>;

beforeAll(async () => {
  [packed, folder] = await Promise.all([packPackage(), emptyFolder()]);
  await copyFile(packed.tarball, join(folder.path, 'signway-0.1.0.tgz'));
  upstream = startUpstream();
}, 180_000);
afterAll(async () => {
  await upstream?.stop(true);
  await folder?.[Symbol.asyncDispose]();
  await packed?.[Symbol.asyncDispose]();
});

test('installing, making keys, running the gateway and calling it', async () => {
  const installed = await folder.run(['sh', '-c', command('bun add')]);
  expect([installed.code, installed.stdout]).toEqual([0, expect.stringContaining('signway')]);
  expect((await folder.run(['sh', '-c', command('signway keygen')])).code).toBe(0);
  expect((await folder.run(['sh', '-c', 'cat .env'])).stdout).toMatch(/^SW_ID=.+\nSW_SECRET=.+\n$/);

  // A stand-in takes the API's place, and free ports that of 3000.
  const serve = command('serve --allow-upstream')
    .replace('https://api.openai.com', upstream.url.origin)
    .concat(' --allow-network 127.0.0.0/8 --host 127.0.0.1 --port 0');
  await using gateway = await listening(folder.start(['sh', '-c', serve], { env: { OPENAI_API_KEY: KEY } }));
  const call = command('signway sign')
    .replace('https://api.openai.com', upstream.url.origin)
    .replace('http://localhost:3000', gateway.url);
  for (const spelling of [call, call.replace('bunx', 'npx')]) {
    received = undefined;
    expect(await folder.run(['sh', '-c', spelling])).toMatchObject({ code: 0, stdout: EVENTS });
    expect(received!).toMatchObject({ path: '/v1/chat/completions', authorization: `Bearer ${KEY}` });
    expect(JSON.parse(received!.body)).toMatchObject({ model: 'gpt-4o-mini', stream: true });
  }
}, 120_000);

test('listening for TLS', async () => {
  await copyFile(FILES.cert, join(folder.path, 'fullchain.pem'));
  await copyFile(FILES.key, join(folder.path, 'privkey.pem'));
  const serve = command('serve --tls-cert').replace('--port 443', '--port 0 --host 127.0.0.1');
  await using gateway = await listening(folder.start(['sh', '-c', serve]));
  expect(gateway.url).toStartWith('https:');
  expect((await fetch(`${gateway.url}healthz`, { tls: { ca: CA } })).status).toBe(200);
}, 60_000);

test('on every core', async () => {
  const serve = command('serve --workers auto').concat(' --port 0 --host 127.0.0.1');
  await using gateway = await listening(folder.start(['sh', '-c', serve]));
  expect((await fetch(`${gateway.url}healthz`)).status).toBe(200);
}, 60_000);

test("the container's command line, by the command that is its entry point", async () => {
  // `docker/dockerfile.test.ts` runs the image's own; here it is the text that counts.
  const run = command('docker run')
    .replace('docker run --rm -p 3000:3000 signway', 'bunx signway')
    .replace('Bearer …', `Bearer ${KEY}`);
  expect(run).toStartWith('bunx signway my-id my-secret');
  await using gateway = await listening(folder.start(['sh', '-c', `${run} --host 127.0.0.1 --port 0`]));
  expect((await fetch(`${gateway.url}healthz`)).status).toBe(200);
}, 60_000);

test('the command line of a clone', async () => {
  const run = Bun.spawn(['sh', '-c', command('bun run signway').replace('bun', process.execPath)], {
    cwd: ROOT,
    stdout: 'pipe',
    stderr: 'ignore',
  });
  expect(await new Response(run.stdout).text()).toContain('signway <command> [options]');
}, 30_000);

test('the TypeScript is right', async () => {
  const snippets = [...README.matchAll(/```ts\n(.*?)```/gs)].map(([, source]) => source!);
  expect(snippets.length).toBeGreaterThan(3);
  for (const name of ['typescript', 'bun-types', '@types']) {
    await symlink(join(ROOT, 'node_modules', name), join(folder.path, 'node_modules', name));
  }
  // What the text around them speaks of.
  const names = `
    declare const messages: object[], body: string, url: string, init: RequestInit;
    declare const id: string, secret: string, key: string;
    declare function show(text: string): void;`;
  const files = snippets.map((_, index) => `snippet${index}.ts`);
  for (const [index, snippet] of snippets.entries()) {
    const declared = names.replace(snippet.includes('const url') ? ', url: string' : '', '');
    await folder.write({ [files[index]!]: `${snippet}\n${declared}\nexport {};` });
  }
  const compilerOptions = {
    ...{ strict: true, noEmit: true, target: 'ESNext', module: 'preserve', types: ['bun-types'] },
    lib: ['ESNext', 'DOM', 'DOM.Iterable'],
  };
  await folder.write({ 'tsconfig.json': JSON.stringify({ compilerOptions, files }) });
  expect((await folder.run(['bun', 'node_modules/typescript/bin/tsc', '-p', '.'])).stdout).toBe('');
}, 60_000);

/** The shell block of the README that holds the words. */
function command(words: string): string {
  const blocks = [...README.matchAll(/```sh\n(.*?)\n```/gs)].map(([, text]) => text!);
  const found = blocks.filter((block) => block.includes(words));
  expect(found).toHaveLength(1);
  return found[0]!;
}

function startUpstream() {
  return Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    async fetch(request) {
      const { pathname: path } = new URL(request.url);
      const authorization = request.headers.get('authorization');
      received = { path, authorization, body: await request.text() };
      return new Response(EVENTS, { headers: { 'Content-Type': 'text/event-stream' } });
    },
  });
}

async function listening(gateway: UserProcess): Promise<{ url: string } & AsyncDisposable> {
  return {
    url: await listeningUrl(gateway.stderr),
    async [Symbol.asyncDispose]() {
      // As a terminal does it: the shell does not hand signals on.
      process.kill(-gateway.pid, 'SIGINT');
      await gateway.exited;
    },
  };
}
