import { describe, expect, test } from 'bun:test';
import { TLS } from '../testing/certificates.ts';
import { startGateway } from '../testing/gateway.ts';
import {
  END_HEADERS,
  END_STREAM,
  type Fields,
  FRAME,
  fieldBlock,
  frame,
  type Http2Outcome,
  head,
  literal,
  overPadded,
  RawHttp2,
} from '../testing/rawHttp2.ts';
import { startUpstream } from '../testing/scriptedUpstream.ts';

const FIELDS: Fields = [
  [':method', 'GET'],
  [':scheme', 'https'],
  [':authority', 'a'],
  [':path', '/nothing'],
];
const number = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};

const FAULTS: [name: string, bytes: Buffer, outcome: Http2Outcome][] = [
  ['data on no stream', frame(FRAME.data, { stream: 0, payload: 'x' }), 'goaway'],
  ['a request on a stream of the server', head(FIELDS, { stream: 2 }), 'goaway'],
  ['a frame that is too large', frame(FRAME.data, { payload: Buffer.alloc(20_000) }), 'goaway'],
  ['a head that goes on where none began', frame(FRAME.continuation, { flags: END_HEADERS }), 'goaway'],
  [
    'a window of more than there is',
    frame(FRAME.window, { stream: 0, payload: number(2 ** 31 - 1) }),
    'goaway',
  ],
  ['a window of nothing', frame(FRAME.window, { stream: 0, payload: number(0) }), 'goaway'],
  ['a push', frame(FRAME.push, { flags: END_HEADERS, payload: number(2) }), 'goaway'],
  ['settings cut short', frame(FRAME.settings, { stream: 0, payload: 'abc' }), 'goaway'],
  [
    'a first window that is too large',
    frame(FRAME.settings, { stream: 0, payload: Buffer.from([0, 4, 255, 255, 255, 255]) }),
    'goaway',
  ],
  [
    'an index of no field',
    frame(FRAME.headers, { flags: END_STREAM | END_HEADERS, payload: Buffer.from([255, 255, 255, 127]) }),
    'goaway',
  ],
  [
    'a number without end',
    frame(FRAME.headers, { flags: END_STREAM | END_HEADERS, payload: Buffer.alloc(20, 255) }),
    'goaway',
  ],
  ['more padding than frame', overPadded(), 'goaway'],
  ['one stream twice', Buffer.concat([head(FIELDS), head(FIELDS)]), 'reset'],
];

describe('a connection over HTTP/2', () => {
  test.each(FAULTS)('is ended for %s, and no other with it', async (_, bytes, outcome) => {
    await using gateway = startGateway({ tls: TLS });
    using other = new RawHttp2(gateway);
    using client = new RawHttp2(gateway);
    client.send(bytes);
    expect(['not_found', outcome]).toContain(await client.settled());
    other.send(head(FIELDS));
    expect(await other.settled()).toBe('not_found');
  });

  test('is ended when a head has no end', async () => {
    await using gateway = startGateway({ tls: TLS });
    using client = new RawHttp2(gateway);
    client.send(frame(FRAME.headers, { payload: fieldBlock(FIELDS) }));
    for (let sent = 0; sent < 200; sent++) {
      client.send(frame(FRAME.continuation, { payload: fieldBlock([['x', 'y'.repeat(1000)]]) }));
    }
    expect(await client.settled()).toBe('goaway');
  });

  test('is ended when a small head means a large one', async () => {
    await using gateway = startGateway({ tls: TLS });
    using client = new RawHttp2(gateway);
    // A field that is remembered (RFC 7541, section 6.2.1), and then named by its index 16,000 times.
    const remembered = Buffer.concat([Buffer.from([0x40]), ...literal('x'), ...literal('y'.repeat(4000))]);
    const block = Buffer.concat([fieldBlock(FIELDS), remembered]);
    client.send(frame(FRAME.headers, { flags: END_STREAM, payload: block }));
    client.send(frame(FRAME.continuation, { flags: END_HEADERS, payload: Buffer.alloc(16_000, 0x80 | 62) }));
    expect(await client.settled()).toBe('goaway');
  });

  test.each([
    ['pings', frame(FRAME.ping, { stream: 0, payload: '12345678' })],
    ['settings', frame(FRAME.settings, { stream: 0 })],
    ['priorities', frame(FRAME.priority, { stream: 3, payload: Buffer.from([0, 0, 0, 1, 5]) })],
    ['windows', frame(FRAME.window, { stream: 0, payload: number(1) })],
  ])(
    'that is flooded with %s holds nobody up',
    async (_, one) => {
      await using gateway = startGateway({ tls: TLS });
      using client = new RawHttp2(gateway);
      const many = Buffer.concat(Array(1000).fill(one));
      for (let sent = 0; sent < 50; sent++) {
        client.send(many);
        using other = new RawHttp2(gateway);
        other.send(head(FIELDS));
        expect(await other.settled()).toBe('not_found');
      }
    },
    60_000,
  );

  test('that opens streams without end has as many as it may, and gives them all back', async () => {
    await using upstream = await startUpstream();
    await using gateway = startGateway({ tls: TLS });
    const url = gateway.sign(`${upstream.origin}/`);
    const fields = FIELDS.map(
      ([name, value]) => [name, name === ':path' ? url.slice(url.indexOf('/?')) : value] as const,
    );
    const client = new RawHttp2(gateway);
    const streams = Array.from({ length: 2000 }, (_, at) => 2 * at + 1);
    client.send(...streams.map((stream) => head(fields, { stream })));
    const refused = () => client.frames.filter(({ type }) => type === FRAME.reset).length;
    await client.receive(() => refused() + gateway.gauges.requests === streams.length);
    expect(gateway.gauges.requests).toBeLessThanOrEqual(256);
    client[Symbol.dispose]();
    for (let turn = 0; turn < 200 && gateway.gauges.requests > 0; turn++) await Bun.sleep(20);
    expect(gateway.gauges).toMatchObject({ requests: 0, upstream: { active: 0 } });
  }, 60_000);
});
