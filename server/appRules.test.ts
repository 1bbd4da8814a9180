import { describe, expect, setDefaultTimeout, test } from 'bun:test';
import type { App } from './apps.ts';
import { APP, startGateway } from './testing/gateway.ts';
import { startUpstream } from './testing/scriptedUpstream.ts';
import type { Upstream } from './upstream/upstreamRule.ts';

// Machines are slow and loaded, and nothing here is about time.
setDefaultTimeout(60_000);

const OK = 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi';

/** A gateway whose one app has these rules, for it and for its one upstream. */
async function start(app: Partial<App>, upstreamRules: Partial<Upstream> = {}, answer: string | null = OK) {
  const upstream = await startUpstream((connection) => {
    if (answer !== null) connection.send(answer);
  });
  const upstreams = [{ origin: upstream.origin, headers: [], ...upstreamRules }];
  const gateway = startGateway({ apps: [{ id: APP.id, secrets: [APP.secret], upstreams, ...app }] });
  return {
    upstream,
    gateway,
    ask: (options: Parameters<typeof gateway.sign>[1] = {}, headers: Record<string, string> = {}) =>
      fetch(gateway.sign(`${upstream.origin}/`, options), { method: options.method ?? 'GET', headers }),
    async [Symbol.asyncDispose]() {
      await gateway[Symbol.asyncDispose]();
      await upstream[Symbol.asyncDispose]();
    },
  };
}

const code = (response: Response) => response.headers.get('x-sw-error');

describe('the rules of an app', () => {
  test('can shorten the longest validity', async () => {
    await using setup = await start({ maxExpiry: 60 });
    expect((await setup.ask({ expiry: 60 })).status).toBe(200);
    expect(code(await setup.ask({ expiry: 61 }))).toBe('expiry_too_long');
    expect(setup.upstream.accepted).toBe(1);
  });

  test('name the origins whose pages may use it, in place of those of the gateway', async () => {
    await using setup = await start({ allowOrigins: ['https://app.example.com'] });
    const own = await setup.ask({}, { origin: 'https://app.example.com' });
    expect([own.status, own.headers.get('access-control-allow-origin')]).toEqual([
      200,
      'https://app.example.com',
    ]);
    expect(code(await setup.ask({}, { origin: 'https://evil.test' }))).toBe('origin_not_allowed');
    expect((await setup.ask()).status).toBe(200);
  });

  test('name the methods of an upstream, after its origin', async () => {
    await using setup = await start({}, { methods: ['POST'] });
    const refused = await setup.ask();
    expect([refused.status, code(refused), refused.headers.get('allow')]).toEqual([
      405,
      'method_not_allowed',
      'POST',
    ]);
    expect(setup.upstream.accepted).toBe(0);
    expect((await setup.ask({ method: 'POST' })).status).toBe(200);
  });

  test('keep further headers of clients from an upstream', async () => {
    await using setup = await start({}, { denyHeaders: ['openai-organization'] });
    await setup.ask({}, { 'OpenAI-Organization': 'org-canary', 'X-Other': 'passes' });
    const { received } = await setup.upstream.next();
    expect(received).not.toContain('org-canary');
    expect(received).toContain('passes');
  });

  test('say how long an upstream may take', async () => {
    await using setup = await start({}, { timeouts: { headTimeout: 50 } }, null);
    expect(code(await setup.ask())).toBe('upstream_timeout');
  });

  test('give everything back when nothing was sent upstream', async () => {
    await using setup = await start({
      limits: {
        bytes: { limit: 1000, window: 60_000, reserve: 900 },
        tokens: { limit: 100, window: 60_000, reserve: 90, unreported: 'reserved' },
      },
    });
    const { port } = setup.upstream;
    await setup.upstream[Symbol.asyncDispose]();
    for (let i = 0; i < 3; i++) expect(code(await setup.ask())).toBe('upstream_unreachable');
    await using again = await startUpstream((connection) => connection.send(OK), { port });
    const answer = await setup.ask();
    expect(answer.headers.get('ratelimit')).toMatch(/^"app-bytes";r=100;t=\d+, "app-tokens";r=10;t=\d+$/);
    expect(again.accepted).toBe(1);
  });
});
