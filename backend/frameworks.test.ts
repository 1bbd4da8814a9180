import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseGrant, parseSignedUrl, readGrantPath } from '../signing/index.ts';

const CALL = { method: 'POST', url: 'https://api.openai.com/v1/chat/completions' };
const ENV = { SW_ID: 'my-id', SW_SECRET: 'my-secret', SW_HOST: 'https://gw.example.com' };
const before = Object.keys(ENV).map((name) => [name, process.env[name]] as const);
const stops: (() => unknown)[] = [];
const origins: Record<string, string> = {};

beforeAll(async () => {
  Object.assign(process.env, ENV);
  const { routes } = await import('../docs/examples/backends/bun.ts');
  const hono = await import('../docs/examples/backends/hono.ts');
  const next = await import('../docs/examples/backends/next.ts');
  const { app } = await import('../docs/examples/backends/express.ts');
  listen('Bun', Bun.serve({ port: 0, hostname: '127.0.0.1', routes }));
  listen('Hono', Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: hono.app.fetch }));
  listen('a Next route', Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: next.POST }));
  const server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origins.Express = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  stops.push(() => server.close());
});

afterAll(() => {
  for (const stop of stops) stop();
  for (const [name, value] of before) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
});

describe.each(['Bun', 'Hono', 'a Next route', 'Express'])('the endpoint in %s', (name) => {
  const ask = (init: RequestInit) =>
    fetch(`${origins[name]}/api/sign`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Cookie: 'a=b; session=user-42' },
      body: JSON.stringify(CALL),
      ...init,
    });

  test('signs the call for who is signed in', async () => {
    const answer = await ask({});
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'no-store']);
    const { url } = (await answer.json()) as { url: string };
    const { parameters } = parseSignedUrl(new URL(url).search.slice(1));
    expect(Object.fromEntries(parameters)).toMatchObject({
      'X-Sw-Proxy': CALL.url,
      'X-Sw-Expires': '60',
      'X-Sw-Subject': 'user-42',
    });
  });

  test.each([
    ['who is not signed in', 401, { headers: { 'Content-Type': 'application/json' } }],
    ['another call', 403, { body: JSON.stringify({ ...CALL, url: 'https://evil.test/' }) }],
    ['what is no JSON by its type', 415, { headers: { 'Content-Type': 'text/plain', Cookie: 'session=x' } }],
    ['what is no JSON', 400, { body: '{' }],
  ] as [string, number, RequestInit][])('refuses %s with %d', async (_, status, init) => {
    const answer = await ask(init);
    expect(answer.status).toBe(status);
    expect(await answer.json()).toMatchObject({ title: 'Nothing was signed', status });
  });
});

test('the endpoint that makes grants opens the chat to who is signed in', async () => {
  const { grantForPages } = await import('../docs/examples/backends/grantForPages.ts');
  const ask = (headers: Record<string, string>) =>
    grantForPages(
      new Request('http://backend/', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', ...headers },
        body: '{}',
      }),
    );
  expect((await ask({})).status).toBe(401);
  const { url } = (await (await ask({ Cookie: 'session=user-42' })).json()) as { url: string };
  const { token } = readGrantPath({ path: new URL(url).pathname, query: '' })!;
  expect(Object.fromEntries(parseGrant(token).parameters)).toMatchObject({
    'X-Sw-Proxy': 'https://api.openai.com/v1/chat/',
    'X-Sw-Methods': 'POST',
    'X-Sw-Subject': 'user-42',
  });
});

test('docs/backends.md shows these files as they are', async () => {
  const document = await Bun.file(new URL('../docs/backends.md', import.meta.url)).text();
  for (const file of ['signForPages.ts', 'bun.ts', 'hono.ts', 'next.ts', 'express.ts', 'grantForPages.ts']) {
    const source = await Bun.file(new URL(`../docs/examples/backends/${file}`, import.meta.url)).text();
    expect(document).toContain(`\`\`\`ts\n${source}\`\`\``);
  }
});

function listen(name: string, server: { port?: number | undefined; stop(force: boolean): unknown }): void {
  origins[name] = `http://127.0.0.1:${server.port}`;
  stops.push(() => server.stop(true));
}
