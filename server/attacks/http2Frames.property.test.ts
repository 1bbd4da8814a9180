import { expect, test } from 'bun:test';
import { readdirSync } from 'node:fs';
import fc from 'fast-check';
import { TLS } from '../testing/certificates.ts';
import { FUZZ_TIMEOUT, fuzzRuns } from '../testing/fuzzRuns.ts';
import { startGateway } from '../testing/gateway.ts';
import { type Fields, FRAME, fieldBlock, frame, head, RawHttp2 } from '../testing/rawHttp2.ts';
import { startUpstream } from '../testing/scriptedUpstream.ts';

const bytes = (maxLength: number) => fc.uint8Array({ maxLength });
const exactly = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
/** Of the client, of the server, of nobody. */
const stream = fc.constantFrom(0, 1, 1, 1, 3, 3, 5, 2, 2 ** 31 - 1);
const asked = fc.constantFrom('GET', 'POST', 'HEAD', 'TRACE').map(
  (method): Fields => [
    [':method', method],
    [':scheme', 'https'],
    [':authority', 'a'],
    [':path', `/?${method === 'POST' ? 'POSTED' : 'QUERY'}`],
  ],
);

/** What a connection is made of, right and wrong; heads hold the names of queries that are signed later. */
const piece = fc.oneof(
  fc.record({ fields: asked, stream, ends: fc.boolean() }),
  fc.record({ fields: asked, stream, flags: fc.nat({ max: 63 }), rest: bytes(30) }),
  fc
    .record({ flags: fc.constantFrom(0, 1, 8, 9), stream, payload: bytes(200) })
    .map((each) => frame(FRAME.data, each)),
  fc
    .record({ flags: fc.constantFrom(0, 4), stream, payload: bytes(50) })
    .map((each) => frame(FRAME.continuation, each)),
  fc
    .record({ flags: fc.constantFrom(0, 1), stream: fc.constantFrom(0, 0, 1), payload: bytes(24) })
    .map((each) => frame(FRAME.settings, each)),
  fc
    .record({ type: fc.constantFrom(FRAME.reset, FRAME.window), stream, payload: exactly(4) })
    .map(({ type, ...each }) => frame(type, each)),
  fc
    .record({ type: fc.nat({ max: 255 }), flags: fc.nat({ max: 255 }), stream, payload: bytes(60) })
    .map(({ type, ...each }) => frame(type, each)),
  bytes(40),
);

test(
  'whatever frames come over HTTP/2, the others are served and nothing is left',
  async () => {
    await using upstream = await startUpstream(({ send }, received) => {
      expect(received.match(/^Authorization: .*$/gm)).toEqual(['Authorization: Bearer sk-upstream-key-1234']);
      send('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi');
    });
    await using gateway = startGateway({ tls: TLS });
    const [query, posted] = ['GET', 'POST'].map((method) => {
      const url = gateway.sign(`${upstream.origin}/`, { method, expiry: 604_800 });
      return url.slice(url.indexOf('?') + 1);
    }) as [string, string];
    const signed = (fields: Fields): Fields =>
      fields.map(([name, value]) => [name, value.replace('QUERY', query).replace('POSTED', posted)]);
    const sent = (each: typeof piece extends fc.Arbitrary<infer T> ? T : never): Uint8Array => {
      if (each instanceof Uint8Array) return each;
      const fields = signed(each.fields);
      if ('ends' in each) return head(fields, each);
      return frame(FRAME.headers, { ...each, payload: Buffer.concat([fieldBlock(fields), each.rest]) });
    };

    using other = new RawHttp2(gateway);
    let next = 1;
    const before = openFiles();
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { minLength: 1, maxLength: 12 }), async (pieces) => {
        using client = new RawHttp2(gateway);
        client.send(...pieces.map(sent));
        const isTold = () => client.frames.some(({ type }) => type !== FRAME.settings);
        await Promise.race([client.receive(isTold), Bun.sleep(5)]);
        other.send(head(HEALTH, { stream: next }));
        expect(await other.settled(next)).toBe('bare');
        next += 2;
      }),
      fuzzRuns(500),
    );
    for (let turn = 0; turn < 200 && (gateway.gauges.requests > 0 || openFiles() > before + 10); turn++) {
      await Bun.sleep(25);
    }
    expect(gateway.gauges).toMatchObject({ requests: 0, heldBytes: 0 });
    expect(openFiles()).toBeLessThanOrEqual(before + 10);
  },
  FUZZ_TIMEOUT,
);

const HEALTH: Fields = [
  [':method', 'GET'],
  [':scheme', 'https'],
  [':authority', 'a'],
  [':path', '/healthz'],
];

function openFiles(): number {
  return readdirSync('/proc/self/fd').length;
}
