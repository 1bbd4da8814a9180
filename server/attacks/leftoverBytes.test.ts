import { describe, expect, test } from 'bun:test';
import { createAppRegistry } from '../apps.ts';
import { APP, startGateway, WIRE_FRONTS } from '../testing/gateway.ts';
import { RawClient, rawRequest } from '../testing/rawClient.ts';
import { type AttackOutcome, attack, type WireAttack } from '../testing/wireAttack.ts';

/**
 * Requests that are refused before their body was read: the body is a valid request, which a server that forgets
 * where it stands would take for the next one.
 */
const CARRIERS: [name: string, head: string, code: string, options: Partial<WireAttack>][] = [
  ['a body that is too large', 'POST /?QUERY', 'body_too_large', { limits: { maxBody: 10 } }],
  ['a URL that has expired', 'POST /?QUERY', 'expired', { clock: () => Date.now() + 3_600_000 }],
  ['a signature of another method', 'POST /?QUERY', 'signature_mismatch', { method: 'PUT' }],
  ['a path that is not served', 'POST /other?QUERY', 'not_found', {}],
  ['no parameter', 'POST /', 'missing_parameter', {}],
  ['an upstream that is not allowed', 'POST /?QUERY', 'upstream_not_allowed', { network: {} }],
  ['a GET that must have none', 'GET /?QUERY', 'bad_request', {}],
  ['a HEAD that must have none', 'HEAD /?QUERY', 'bad_request', {}],
  ['TRACE', 'TRACE /?QUERY', 'method_not_allowed', {}],
];

describe.each(WIRE_FRONTS)('front %s: a body that is a request is never read as one, behind', (front) => {
  test.each(CARRIERS)('%s', async (_, head, code, options) => {
    const outcome = await attack({ ...carried(head), front, ...options });
    // Bun.serve judges a length before the gateway sees it.
    const declared = code === 'body_too_large' && front !== 'http1' ? 413 : code;
    expect(outcome.answers[0] as string | number).toBe(declared);
    expectNothingCarried(outcome);
  });

  test.each(CARRIERS)('%s, in chunks', async (_, head, code, options) => {
    const outcome = await attack({ ...carriedInChunks(head), front, ...options });
    // Chunks declare no length: a body is too large only once it is, and nothing of it may pass as whole.
    if (code !== 'body_too_large') expect(outcome.answers[0] as string).toBe(code);
    expect(outcome.forwarded).not.toContain('\r\n0\r\n\r\n');
    expectNothingCarried(outcome);
  });

  test.each(CARRIERS)('%s, which comes after the answer', async (_, head, code, options) => {
    // Bun.serve answers when the body is whole, or when what is declared is too much.
    if (front !== 'http1') return;
    const outcome = await attack({ ...carried(head), front, waitsAfterHead: true, ...options });
    expect(outcome.answers as readonly string[]).toEqual([code]);
    expectNothingCarried(outcome);
  });

  test.each(['/healthz', '/readyz'])('%s', async (path) => {
    const outcome = await attack({ ...carried(`POST ${path}`), front });
    expect(outcome.answers[0]).toBe(200);
    expectNothingCarried(outcome);
  });

  test('a preflight', async () => {
    const preflight = 'Origin: https://a.test\r\nAccess-Control-Request-Method: POST\r\n';
    const outcome = await attack({ ...carried('OPTIONS /?QUERY', preflight), front });
    expect(outcome.answers[0]).toBe(204);
    expectNothingCarried(outcome);
  });

  test('an expectation that is refused', async () => {
    const outcome = await attack({ ...carried('POST /other?QUERY', 'Expect: 100-continue\r\n'), front });
    expect(outcome.answers[0]).toBe('not_found');
    expectNothingCarried(outcome);
  });

  test('an upgrade', async () => {
    const upgrade = 'Connection: Upgrade\r\nUpgrade: websocket\r\n';
    const outcome = await attack({ ...carried('POST /other?QUERY', upgrade), front });
    expect(outcome.answers[0]).toBe('not_found');
    expectNothingCarried(outcome);
  });

  test('an upstream that answers before the body has come', async () => {
    const outcome = await attack({
      ...carried('POST /?QUERY'),
      front,
      script: ({ send }) => send('HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n'),
    });
    expect(outcome.reached).not.toContain(CARRIED);
  });

  test('an upstream that breaks off', async () => {
    const outcome = await attack({
      ...carriedInChunks('POST /?QUERY'),
      front,
      script: ({ socket }) => socket.resetAndDestroy(),
    });
    expect(outcome.reached).not.toContain(CARRIED);
  });
});

const CARRIED = '/smuggled';

/** The next request, which may be answered: 200, without having been handed to anyone. */
const ASKS_HEALTH = 'GET /readyz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';

/** A request whose body, of a declared length, is a valid request. The length is right. */
function carried(head: string, fields = ''): Pick<WireAttack, 'bytes' | 'cargo'> {
  return {
    bytes: `${head} HTTP/1.1\r\nHost: a\r\n${fields}Content-Length: LENGTH\r\n\r\nSMUGGLED`,
    cargo: ASKS_HEALTH,
  };
}

function carriedInChunks(head: string): Pick<WireAttack, 'bytes' | 'cargo'> {
  return {
    bytes: `${head} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nHEXLENGTH\r\nSMUGGLED\r\n0\r\n\r\n`,
    cargo: ASKS_HEALTH,
  };
}

function expectNothingCarried({ answers, reached }: AttackOutcome): void {
  expect(reached).not.toContain(CARRIED);
  expect(['', '200']).toContain(answers.slice(1).join());
}

test.each(WIRE_FRONTS)(
  'front %s: after a bad chunk that nobody waited for yet, nothing is taken for a request',
  async (front) => {
    const [asked, looked] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const { find } = createAppRegistry([
      { id: APP.id, secrets: [APP.secret], upstreams: [{ origin: '*', headers: [] }] },
    ]);
    await using gateway = startGateway({
      front,
      apps: {
        async find(id) {
          asked.resolve();
          await looked.promise;
          return find(id);
        },
      },
    });
    const url = gateway.sign('http://127.0.0.1:9/', { method: 'POST' });
    using client = new RawClient(gateway);
    const headers = { 'Transfer-Encoding': 'chunked' };
    client.send(rawRequest(url, { method: 'POST', headers, body: 'zz\r\n' }));
    await Promise.race([asked.promise, client.finished()]);
    client.send('0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: a\r\n\r\n');
    await gateway.ask(new URL('/healthz', gateway.url));
    looked.resolve();
    const received = await client.finished();
    expect(received.match(/HTTP\/1\.1 \d+/g) ?? []).toEqual(['HTTP/1.1 400']);
  },
);
