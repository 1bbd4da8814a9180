import { describe, expect, test } from 'bun:test';
import { startGateway, type TestGateway, WIRE_FRONTS } from '../testing/gateway.ts';
import { RawClient, rawRequest } from '../testing/rawClient.ts';
import {
  type ScriptedUpstream,
  startUpstream,
  type UpstreamConnection,
} from '../testing/scriptedUpstream.ts';
import { MALFORMED_RESPONSES, TRUNCATED_RESPONSES } from '../transport/testing/malformedResponses.ts';

const EVENTS = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n';
const LONG = 'HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n';

interface Ending {
  readonly name: string;
  /** What the upstream does with the request's head. */
  readonly script: (connection: UpstreamConnection) => void;
  /** The client leaves when this has come. Default: it waits for the end. */
  readonly leaveAt?: RegExp;
  /** What is left out of the request's end. */
  readonly withhold?: number;
  readonly signsBody?: boolean;
}

const BODY = 'x'.repeat(1000);

const ENDINGS: Ending[] = [
  { name: 'a whole answer', script: ({ send }) => send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi') },
  { name: 'a whole stream', script: ({ send }) => send(`${EVENTS}3\r\n:\n\n\r\n0\r\n\r\n`) },
  { name: 'a client gone before its head was whole', script: () => {}, leaveAt: /^/, withhold: 2000 },
  { name: 'a client gone at once', script: () => {}, leaveAt: /^/ },
  { name: 'a client gone in its upload', script: () => {}, leaveAt: /^/, withhold: 500 },
  {
    name: 'a client gone in its signed upload',
    script: () => {},
    leaveAt: /^/,
    withhold: 500,
    signsBody: true,
  },
  { name: 'a client gone after the head', script: ({ send }) => send(LONG), leaveAt: /\r\n\r\n/ },
  {
    name: 'a client gone in a stream',
    script: ({ send }) => send(`${EVENTS}3\r\n:\n\n\r\n`),
    leaveAt: /:\n\n/,
  },
  { name: 'a client that sends no body', script: () => {}, withhold: 1000, signsBody: true },
  { name: 'an upstream that resets', script: ({ socket }) => socket.resetAndDestroy() },
  { name: 'an upstream that closes', script: ({ socket }) => socket.end() },
  { name: 'an upstream that says nothing', script: () => {} },
  { name: 'an upstream that falls silent', script: ({ send }) => send(`${LONG}x`) },
  {
    name: 'an upstream that answers before it was asked whole, and stays',
    script: ({ send }) => send('HTTP/1.1 413 X\r\nContent-Length: 0\r\n\r\n'),
    withhold: 500,
  },
  ...[...MALFORMED_RESPONSES, ...TRUNCATED_RESPONSES].map(
    ({ name, bytes }): Ending => ({
      name: `an upstream that sends ${name}`,
      script: ({ send, socket }) => {
        send(bytes);
        socket.end();
      },
    }),
  ),
];

const LIMITS = {
  bodyTimeout: 100,
  bodySilenceTimeout: 100,
  headTimeout: 150,
  silenceTimeout: 150,
  headerTimeout: 200,
};

describe.each(WIRE_FRONTS)('front %s: everything is given back, whatever the end:', (front) => {
  test.each(ENDINGS)(
    '$name',
    async (ending) => {
      await using upstream = await startUpstream(ending.script);
      await using gateway = startGateway({ front, limits: LIMITS });
      const url = gateway.sign(`${upstream.origin}/`, {
        method: 'POST',
        ...(ending.signsBody === true ? { body: BODY } : {}),
      });
      const headers = { Connection: 'close', 'Content-Length': String(BODY.length) };
      const bytes = rawRequest(url, { method: 'POST', headers, body: BODY });
      using client = new RawClient(gateway);
      client.send(bytes.slice(0, Math.max(1, bytes.length - (ending.withhold ?? 0))));
      if (ending.leaveAt === undefined) await client.finished();
      else {
        await client.receive(ending.leaveAt);
        client.leave();
      }
      await settled(gateway, upstream);
      expect(gateway.gauges).toMatchObject({ requests: 0, heldBytes: 0, clients: 0 });
      expect(gateway.gauges.upstream.active).toBe(0);
      expect(upstream.open).toBe(gateway.gauges.upstream.idle);
    },
    30_000,
  );

  test('a shutdown in the middle of everything', async () => {
    await using upstream = await startUpstream(({ send }) => send(`${EVENTS}3\r\n:\n\n\r\n`));
    const gateway = startGateway({ front, limits: { maxRequestsPerClient: 100 } });
    const clients = Array.from({ length: 20 }, () =>
      new RawClient(gateway).send(rawRequest(gateway.sign(`${upstream.origin}/`))),
    );
    for (const client of clients) await client.receive(/:\n\n/);
    expect(gateway.gauges).toMatchObject({ requests: 20, clients: 1 });
    await gateway.stop({ drain: 0 });
    for (const client of clients) await client.finished();
    await settled(gateway, upstream);
    expect(gateway.gauges).toMatchObject({ requests: 0, clients: 0, upstream: { active: 0, idle: 0 } });
  }, 30_000);
});

/** Waits until the gateway is empty, or for so long that it never will be; the test then says what is left. */
async function settled({ gauges }: TestGateway, upstream: ScriptedUpstream): Promise<void> {
  for (let turn = 0; turn < 500; turn++) {
    // A connection that is being closed at the other end takes a turn to be seen.
    await Bun.sleep(10);
    if (gauges.requests + gauges.heldBytes + gauges.upstream.active > 0) continue;
    if (upstream.open === gauges.upstream.idle) return;
  }
}
