import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { readdirSync } from 'node:fs';
import fc from 'fast-check';
import { FUZZ_TIMEOUT, fuzzRuns } from '../testing/fuzzRuns.ts';
import { startGateway, type TestGateway, WIRE_FRONTS } from '../testing/gateway.ts';
import { RawClient } from '../testing/rawClient.ts';
import { type ScriptedUpstream, startUpstream } from '../testing/scriptedUpstream.ts';

const byte = fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code));

/** What requests are made of, whole and in part; `QUERY` is signed for a GET, `POSTED` for a POST. */
const fragment = fc.oneof(
  fc.constantFrom(
    'GET /?QUERY HTTP/1.1\r\nHost: a\r\n',
    'POST /?POSTED HTTP/1.1\r\nHost: a\r\n',
    'Host: a\r\n',
  ),
  fc.constantFrom(
    'GET ',
    'POST ',
    'HEAD ',
    'OPTIONS ',
    'TRACE ',
    '/?QUERY',
    ' HTTP/1.1',
    ' HTTP/1.0',
    '/healthz',
  ),
  fc.constantFrom(
    'Content-Length: 5\r\n',
    'Content-Length: 0\r\n',
    'Transfer-Encoding: chunked\r\n',
    'Connection: close\r\n',
  ),
  fc.constantFrom(
    'Expect: 100-continue\r\n',
    'Upgrade: h2c\r\n',
    'Connection: upgrade\r\n',
    'X-Api-Key: mine\r\n',
    'Origin: null\r\n',
  ),
  fc.constantFrom(
    '\r\n',
    '\r\n\r\n',
    '\n',
    '\r',
    '\0',
    ' ',
    '\t',
    ':',
    '5\r\nhello\r\n',
    '0\r\n\r\n',
    'hello',
    'ffffffff\r\n',
  ),
  fc.string({ unit: byte, maxLength: 10 }),
);
const message = fc.array(fragment, { minLength: 1, maxLength: 12 }).map((parts) => parts.join(''));

/** Every status that the gateway itself, or Bun.serve in front of it, has for a stranger. */
const STATUSES = [200, 204, 400, 401, 403, 404, 405, 408, 411, 413, 414, 422, 431, 502, 503, 505];

describe.each(WIRE_FRONTS)('front %s', (front) => {
  let upstream: ScriptedUpstream;
  let gateway: TestGateway;
  const unhandled: unknown[] = [];
  const note = (error: unknown) => void unhandled.push(error);

  beforeAll(async () => {
    process.on('unhandledRejection', note);
    upstream = await startUpstream(({ send }, head) => {
      // The key is there once, and nothing of the client's in its place.
      expect(head.match(/^Authorization: .*$/gm)).toEqual(['Authorization: Bearer sk-upstream-key-1234']);
      expect(head).toMatch(/^(?:GET|POST) \/signed HTTP\/1\.1\r\nHost: 127\.0\.0\.1:\d+\r\n/);
      send('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi');
    });
    gateway = startGateway({ front });
  });
  afterAll(async () => {
    process.off('unhandledRejection', note);
    await gateway[Symbol.asyncDispose]();
    await upstream[Symbol.asyncDispose]();
  });

  test(
    'whatever bytes come, it answers in order or not at all, and nothing is left',
    async () => {
      const [query, posted] = ['GET', 'POST'].map((method) => {
        const url = gateway.sign(`${upstream.origin}/signed`, { method, expiry: 604_800 });
        return url.slice(url.indexOf('?') + 1);
      }) as [string, string];
      const before = openFiles();
      await fc.assert(
        fc.asyncProperty(message, fc.nat({ max: 400 }), async (text, cut) => {
          const bytes = text.replaceAll('QUERY', query).replaceAll('POSTED', posted);
          using client = new RawClient(gateway);
          client.send(bytes.slice(0, cut)).send(bytes.slice(cut));
          // The answer to another client says that these bytes have been read.
          expect((await gateway.ask(new URL('/healthz', gateway.url))).status).toBe(200);
          client.leave();
          const statuses = [...client.received.matchAll(/HTTP\/1\.1 (\d{3})[^\r]*\r\n/g)].map(([, status]) =>
            Number(status),
          );
          expect(statuses.filter((status) => status !== 100 && !STATUSES.includes(status))).toEqual([]);
        }),
        fuzzRuns(500),
      );
      for (
        let turn = 0;
        turn < 200 && (gateway.gauges.requests > 0 || openFiles() > before + SLACK);
        turn++
      ) {
        await Bun.sleep(25);
      }
      expect(gateway.gauges).toMatchObject({ requests: 0, heldBytes: 0 });
      expect(openFiles()).toBeLessThanOrEqual(before + SLACK);
      expect(unhandled).toEqual([]);
    },
    FUZZ_TIMEOUT,
  );
});

/** Connections that are kept for the next request, on either side. */
const SLACK = 10;

function openFiles(): number {
  return readdirSync('/proc/self/fd').length;
}
