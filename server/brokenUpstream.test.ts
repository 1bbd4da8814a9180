import { describe, expect, test } from 'bun:test';
import { startGateway, WIRE_FRONTS } from './testing/gateway.ts';
import { RawClient, rawRequest } from './testing/rawClient.ts';
import { startUpstream, type UpstreamConnection } from './testing/scriptedUpstream.ts';

const EVENTS = 'Content-Type: text/event-stream\r\n';

/** What an upstream sends, how it then leaves, and the bytes that may still reach the client. */
const BROKEN: [name: string, answer: string, leave: (connection: UpstreamConnection) => void][] = [
  ['ends short of its length', 'Content-Length: 100\r\n\r\nhello', ({ socket }) => socket.end()],
  [
    'is reset short of its length',
    'Content-Length: 100\r\n\r\nhello',
    ({ socket }) => socket.resetAndDestroy(),
  ],
  [
    'ends without its last chunk',
    'Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n',
    ({ socket }) => socket.end(),
  ],
  [
    'is reset between chunks',
    'Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n',
    ({ socket }) => socket.resetAndDestroy(),
  ],
  ['ends inside a chunk', 'Transfer-Encoding: chunked\r\n\r\n9\r\nhello', ({ socket }) => socket.end()],
  [
    'sends a bad chunk size',
    'Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n',
    ({ send }) => send('zz\r\nhello\r\n'),
  ],
  [
    'ends after the last chunk, before its end',
    'Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n',
    ({ socket }) => socket.end(),
  ],
  [
    'closes an event stream without a length or an end marker',
    `${EVENTS}\r\ndata: hello\n\n`,
    ({ socket }) => socket.end(),
  ],
];

describe.each(WIRE_FRONTS)('by the front %s:', (front) => {
  describe('an upstream that', () => {
    test.each(BROKEN)('%s is never shown as complete', async (_, answer, leave) => {
      await using upstream = await startUpstream();
      await using gateway = startGateway({ front });
      using client = new RawClient(gateway);
      client.send(rawRequest(gateway.sign(`${upstream.origin}/`)));
      const record = gateway.nextRecord();
      const connection = await upstream.next();
      connection.send(`HTTP/1.1 200 OK\r\n${answer}`);
      await client.receive(/hello/);
      leave(connection);
      const received = await client.finished();
      expect(received).toStartWith('HTTP/1.1 200 OK\r\n');
      expect(received).not.toMatch(/\r\n0\r\n\r\n$/);
      // Without its last chunk a body is broken however the connection ends; short of its length, some clients
      // take it for whole unless the connection is reset.
      const inChunks = !answer.startsWith('Content-Length');
      expect(client.ended).toBe(front === 'http1' && inChunks ? 'closed' : 'reset');
      expect(await record).toMatchObject({ status: 200, ending: 'broken', bytesOut: expect.any(Number) });
    });

    test.each(['data: [DONE]\n\n', 'event: message_stop\ndata: {"type":"message_stop"}\n\n'])(
      'closes an event stream of no length after %j has ended it',
      async (marker) => {
        await using upstream = await startUpstream(({ send, socket }) => {
          send(`HTTP/1.1 200 OK\r\n${EVENTS}\r\ndata: hello\n\n${marker}`);
          socket.end();
        });
        await using gateway = startGateway({ front });
        const answer = await gateway.ask(gateway.sign(`${upstream.origin}/`));
        expect(await answer.text()).toBe(`data: hello\n\n${marker}`);
      },
    );

    test.each([
      ['does not listen', 'upstream_unreachable', 502, null],
      [
        'closes without an answer',
        'upstream_unreachable',
        502,
        ({ socket }: UpstreamConnection) => socket.end(),
      ],
      [
        'resets without an answer',
        'upstream_unreachable',
        502,
        ({ socket }: UpstreamConnection) => socket.resetAndDestroy(),
      ],
      [
        'answers with garbage',
        'upstream_invalid_response',
        502,
        ({ send }: UpstreamConnection) => send('garbage\r\n\r\n'),
      ],
      [
        'answers with status 999',
        'upstream_invalid_response',
        502,
        ({ send }: UpstreamConnection) => send('HTTP/1.1 999 X\r\nContent-Length: 0\r\n\r\n'),
      ],
      ['answers nothing in time', 'upstream_timeout', 504, () => {}],
    ] as const)('%s is %s', async (_, code, status, script) => {
      await using upstream = await startUpstream(script ?? undefined);
      if (script === null) await upstream[Symbol.asyncDispose]();
      await using gateway = startGateway({ front, limits: { headTimeout: 150, connectTimeout: 150 } });
      const record = gateway.nextRecord();
      const answer = await gateway.ask(
        gateway.sign(`${upstream.origin}/?api_key=canary`, { method: 'POST' }),
        {
          method: 'POST',
          body: 'x',
        },
      );
      expect(answer.status).toBe(status);
      expect(answer.headers.get('x-sw-error')).toBe(code);
      expect(answer.headers.get('access-control-allow-origin')).toBe('*');
      expect(await answer.json()).toMatchObject({ code, status });
      const { reason, ...rest } = await record;
      expect(rest).toMatchObject({
        ending: 'refused',
        code,
        status,
        app: 'my-id',
        upstream: upstream.origin,
      });
      expect(reason).not.toContain('canary');
    });

    test('is silent for too long in a body that is no event stream is broken off', async () => {
      await using upstream = await startUpstream(({ send }) =>
        send('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello'),
      );
      await using gateway = startGateway({ front, limits: { silenceTimeout: 100 } });
      using client = new RawClient(gateway);
      const record = gateway.nextRecord();
      client.send(rawRequest(gateway.sign(`${upstream.origin}/`)));
      await client.finished();
      expect(client.ended).toBe('reset');
      expect(await record).toMatchObject({ ending: 'timed_out', bytesOut: 5 });
      await (await upstream.next()).gone;
    });

    test('is silent in an event stream is waited for', async () => {
      await using upstream = await startUpstream();
      await using gateway = startGateway({ front, limits: { silenceTimeout: 50 } });
      using client = new RawClient(gateway);
      client.send(rawRequest(gateway.sign(`${upstream.origin}/`)));
      const connection = await upstream.next();
      connection.send(`HTTP/1.1 200 OK\r\n${EVENTS}Transfer-Encoding: chunked\r\n\r\n3\r\n:\n\n\r\n`);
      await client.receive(/:\n\n\r\n$/);
      // Several times the silence that would break another body off.
      await Bun.sleep(250);
      connection.send('3\r\n:\n\n\r\n0\r\n\r\n');
      expect(await client.receive(/0\r\n\r\n$/)).toEndWith('0\r\n\r\n');
    });
  });
});
