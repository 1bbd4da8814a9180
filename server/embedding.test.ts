/** What docs/embedding.md shows, run as it stands there. */
import { Database } from 'bun:sqlite';
import { afterAll, beforeAll, beforeEach, expect, test } from 'bun:test';
import { join } from 'node:path';
import { temporaryFolder } from '../cli/testing/temporaryFolder.ts';
import { createGateway } from '../docs/examples/embedding/gateway.ts';
import { signUrl } from '../signing/signUrl.ts';

const DOCUMENT = await Bun.file(new URL('../docs/embedding.md', import.meta.url)).text();

const database = new Database(':memory:');
const TABLES = DOCUMENT.match(/```sql\n(.*?)```/s)![1]!;
const EXAMPLES = join(import.meta.dir, '..', 'docs', 'examples', 'embedding');
database.run(TABLES);

const api = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  async fetch(request) {
    if (request.headers.get('authorization') !== 'Bearer sk-1') return new Response('who?', { status: 401 });
    return new Response(`got ${await request.text()}`);
  },
});
let site: ReturnType<typeof Bun.serve>;

beforeAll(() => {
  const gateway = createGateway(database, {
    basePath: '/gw',
    network: { allowNetworks: ['127.0.0.0/8'] },
  });
  site = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    development: false,
    routes: { '/': new Response('the site') },
    fetch: (request, server) => gateway.fetch(request, server),
  });
});
beforeEach(() => {
  for (const table of ['apps', 'blocked', 'usage']) database.run(`DELETE FROM ${table}`);
  database.run("INSERT INTO apps VALUES ('my-id', 'my-secret', ?, 'sk-1')", [api.url.origin]);
});
afterAll(async () => {
  await site.stop(true);
  await api.stop(true);
});

function post(body: string, changes: { id?: string; subject?: string } = {}): Promise<Response> {
  const url = signUrl({
    id: 'my-id',
    secret: 'my-secret',
    host: `${site.url}gw`,
    proxyUrl: `${api.url}v1`,
    method: 'POST',
    expiry: 60,
    ...changes,
  });
  return fetch(url, { method: 'POST', body });
}

test('the site and the gateway share a server', async () => {
  expect(await (await fetch(site.url)).text()).toBe('the site');
  expect(await (await post('hello')).text()).toBe('got hello');
});

test('apps are looked up in the database, at each request', async () => {
  expect((await post('x', { id: 'another' })).headers.get('x-sw-error')).toBe('unknown_app');
  database.run("UPDATE apps SET secret = 'another'");
  expect((await post('x')).headers.get('x-sw-error')).toBe('signature_mismatch');
});

test('what was transferred is added up by app and upstream', async () => {
  for (const body of ['hello', 'you']) await (await post(body)).text();
  expect(database.query('SELECT * FROM usage').all()).toEqual([
    {
      app: 'my-id',
      upstream: api.url.origin,
      requests: 2,
      bytes_in: 'helloyou'.length,
      bytes_out: 'got hellogot you'.length,
    },
  ]);
});

test('hooks answer instead', async () => {
  database.run("INSERT INTO blocked VALUES ('mallory')");
  const refused = await post('x', { subject: 'mallory' });
  expect([refused.status, await refused.json()]).toEqual([403, { error: 'blocked' }]);
  expect((await post('x', { subject: 'alice' })).status).toBe(200);

  database.run("UPDATE apps SET key = 'revoked'");
  const failed = await post('x');
  expect([failed.status, await failed.json()]).toEqual([503, { error: 'out of order' }]);
});

test('the server of the example runs', async () => {
  using folder = temporaryFolder();
  const file = new Database(folder.write('gateway.sqlite', ''));
  file.run(TABLES);
  file.close();
  const script = `
    const { server } = await import(${JSON.stringify(`${EXAMPLES}/server.ts`)});
    const texts = [server.url, new URL('/healthz', server.url)].map(async (url) => (await fetch(url)).text());
    process.stdout.write(JSON.stringify(await Promise.all(texts)));
    await server.stop(true);`;
  const child = Bun.spawn([process.execPath, '-e', script], {
    cwd: folder.path,
    env: { PATH: process.env.PATH, PORT: '0' },
    stdout: 'pipe',
    stderr: 'inherit',
  });
  expect(await new Response(child.stdout).json()).toEqual(['the site', 'alive\n']);
});

test.each(['gateway.ts', 'server.ts'])('the document shows the whole of %s', async (name) => {
  const source = await Bun.file(join(EXAMPLES, name)).text();
  expect(DOCUMENT).toContain(`\`\`\`ts\n${source}\`\`\``);
});
