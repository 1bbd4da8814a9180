import { afterEach, describe, expect, test } from 'bun:test';
import { MALFORMED_RESPONSES, TRUNCATED_RESPONSES } from './testing/malformedResponses.ts';
import {
  certificate,
  type RawConnection,
  type RawUpstream,
  type RawUpstreamOptions,
  startRawUpstream,
} from './testing/rawUpstream.ts';
import {
  type AnswerBody,
  type Ending,
  type Transport,
  TransportError,
  type UpstreamAnswer,
  type UpstreamRequest,
} from './transport.ts';

export interface TransportContractOptions {
  readonly create: (options: { ca: string }) => Transport;
  /** Tests by their title, or answers by their name, that this transport cannot pass: each with its reason. */
  readonly exceptions?: Readonly<Record<string, string>>;
}

/**
 * What every {@link Transport} must do, over raw sockets on loopback. Call it in a test file of the
 * implementation. An exception that matches no test fails, so that the list cannot outlive its reasons.
 */
export function describeTransportContract(
  name: string,
  { create, exceptions = {} }: TransportContractOptions,
): void {
  const unused = new Set(Object.keys(exceptions));
  const open: (Transport | RawUpstream)[] = [];

  afterEach(async () => {
    for (const one of open.splice(0)) {
      if ('close' in one) one.close();
      else await one[Symbol.asyncDispose]();
    }
  });

  describe(`the contract of a transport: ${name}`, () => {
    describe('sending', () => {
      check(
        'sends the request line and the fields in their order and spelling, and adds nothing',
        async () => {
          const { send, seen } = await answering(OK_EMPTY);
          await send({
            target: '/a%2Fb?c=d&e',
            headers: [
              ['Host', 'upstream.test'],
              ['X-One', '1'],
              ['x-TWO', 'a'],
              ['X-One', '2'],
              ['X-Empty', ''],
            ],
          });
          expect(seen()).toBe(
            'GET /a%2Fb?c=d&e HTTP/1.1\r\nHost: upstream.test\r\nX-One: 1\r\nx-TWO: a\r\nX-One: 2\r\nX-Empty: \r\n\r\n',
          );
        },
      );

      check('sends no length and no coding without a body', async () => {
        const { send, seen } = await answering(OK_EMPTY);
        await send({ method: 'DELETE' });
        expect(seen()).not.toMatch(/content-length|transfer-encoding/i);
      });

      check('sends bytes with their length', async () => {
        const { send, seen } = await answering(OK_EMPTY);
        await send({ method: 'POST', body: utf8('h\u00e9llo') });
        expect(seen()).toMatch(/\r\ncontent-length: 6\r\n/i);
        expect(seen()).toEndWith('\r\n\r\nh\xc3\xa9llo');
      });

      check('sends bytes of no length as a length of 0', async () => {
        const { send, seen } = await answering(OK_EMPTY);
        await send({ method: 'POST', body: utf8('') });
        expect(seen()).toMatch(/\r\ncontent-length: 0\r\n/i);
      });

      check('sends a body larger than the socket takes at once', async () => {
        const body = new Uint8Array(8_000_000).fill(97);
        const { send, upstream } = await scripted(async (connection) => {
          await connection.until(/a{100}b$/);
          connection.send(OK_EMPTY);
        });
        body[body.length - 1] = 98;
        const answer = await send({ method: 'POST', body });
        expect(answer.status).toBe(200);
        expect(upstream.bytes).toBeGreaterThan(8_000_000);
      });

      check('sends a stream of declared length with that length, as it comes', async () => {
        const { send, connection } = await manual();
        const { stream, push, end } = source();
        const answer = send({ method: 'PUT', body: { stream, length: 6 } });
        push('abc');
        const upstream = await connection;
        expect(await upstream.until(/abc$/)).toMatch(/\r\ncontent-length: 6\r\n/i);
        push('def');
        end();
        await upstream.until(/abcdef$/);
        upstream.send(OK_EMPTY);
        expect((await answer).status).toBe(200);
      });

      check('sends a stream without a length in chunks, as it comes', async () => {
        const { send, connection } = await manual();
        const { stream, push, end } = source();
        const answer = send({ method: 'POST', body: { stream, length: null } });
        push('abc');
        const upstream = await connection;
        expect(await upstream.until(/3\r\nabc\r\n$/)).toMatch(/\r\ntransfer-encoding: chunked\r\n/i);
        push('0123456789');
        end();
        expect(await upstream.until(/\r\n0\r\n\r\n$/)).toEndWith('3\r\nabc\r\na\r\n0123456789\r\n0\r\n\r\n');
        upstream.send(OK_EMPTY);
        expect((await answer).status).toBe(200);
      });

      check('ends the request unclean when its stream fails', async () => {
        const { send, connection } = await manual();
        const { stream, push, fail } = source();
        const answer = failureOf(send({ method: 'POST', body: { stream, length: null } }));
        push('abc');
        const upstream = await connection;
        await upstream.until(/abc\r\n$/);
        fail();
        await upstream.gone;
        expect(upstream.received).not.toContain('\r\n0\r\n');
        expect((await answer).code).toBe('aborted');
      });

      check('refuses a stream shorter than its length', async () => {
        const { send } = await manual();
        const { stream, push, end } = source();
        const answer = failureOf(send({ method: 'POST', body: { stream, length: 9 } }));
        push('abc');
        end();
        expect((await answer).reason).toBe('request body: shorter than its length');
      });

      check('never sends more of a stream than its length', async () => {
        const { send, connection } = await manual();
        const { stream, push } = source();
        const answer = failureOf(send({ method: 'POST', body: { stream, length: 3 } }));
        push('abcGET / HTTP/1.1\r\n');
        expect((await answer).code).toBe('aborted');
        const upstream = await connection;
        await upstream.gone;
        expect(upstream.received).toEndWith('\r\n\r\n');
      });

      check('stops an upload when an error comes before its end, and the answer goes on', async () => {
        const { send, connection } = await manual();
        const { stream, push, cancelled } = source();
        const answer = send({ method: 'POST', body: { stream, length: null } });
        push('abc');
        const upstream = await connection;
        await upstream.until(/abc\r\n$/);
        upstream.send('HTTP/1.1 413 Too Large\r\nContent-Length: 6\r\n\r\nabc');
        const { status, body } = await answer;
        expect(status).toBe(413);
        await cancelled;
        upstream.send('def');
        expect(await drain(body)).toEqual({ text: 'abcdef', ending: { kind: 'complete' } });
        await upstream.gone;
        expect(upstream.received).not.toContain('\r\n0\r\n');
      });

      check('pulls no more of an upload than a slow upstream takes', async () => {
        const { send, controller } = await manual({ stalled: true });
        let pulled = 0;
        let last = -1;
        const stream = new ReadableStream<Uint8Array>(
          {
            pull(source) {
              pulled += 65_536;
              source.enqueue(new Uint8Array(65_536));
            },
          },
          { highWaterMark: 0 },
        );
        const answer = failureOf(send({ method: 'POST', body: { stream, length: null } }));
        // What the kernel's buffers of both sides take differs; the point is that it comes to an end.
        while (pulled !== last) {
          last = pulled;
          await Bun.sleep(150);
        }
        expect(pulled).toBeGreaterThan(0);
        expect(pulled).toBeLessThan(32_000_000);
        controller.abort();
        expect((await answer).code).toBe('aborted');
      });
    });

    describe('the head of an answer', () => {
      check(
        'gives the status, the reason phrase and the fields in their order, spelling and number',
        async () => {
          const { send } = await answering(
            'HTTP/1.1 299 Quite OK\r\nX-B: 1\r\nset-cookie: a\r\nX-A: 2\r\nset-cookie: b\r\nContent-Length: 0\r\n\r\n',
          );
          const { status, statusText, headers } = await send();
          expect({ status, statusText, headers: headers.map((pair) => [...pair]) }).toEqual({
            status: 299,
            statusText: 'Quite OK',
            headers: [
              ['X-B', '1'],
              ['set-cookie', 'a'],
              ['X-A', '2'],
              ['set-cookie', 'b'],
              ['Content-Length', '0'],
            ],
          });
        },
      );

      check('resolves with the head before the body has come', async () => {
        const { send, connection } = await manual();
        const answer = send();
        (await connection).send('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n');
        const { body } = await answer;
        expect(body.whole).toBeNull();
        (await connection).send('abc');
        expect((await drain(body)).text).toBe('abc');
      });

      check('passes over 100 and 103', async () => {
        const { send } = await answering(
          `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${OK_EMPTY}`,
        );
        expect((await send()).status).toBe(200);
      });

      check('hands redirects back', async () => {
        const { send, upstream } = await answering(
          'HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n',
        );
        expect((await send()).status).toBe(302);
        expect(upstream.requests).toBe(1);
      });

      check('reads a head that comes byte by byte', async () => {
        const { send } = await scripted((connection) =>
          connection.dribble('HTTP/1.1 200 OK\r\nX-A: b\r\nContent-Length: 3\r\n\r\nabc'),
        );
        const { status, body } = await send();
        expect(status).toBe(200);
        expect((await drain(body)).text).toBe('abc');
      });
    });

    describe('the body of an answer', () => {
      const bodies: [string, string, string][] = [
        ['a length', 'Content-Length: 11\r\n\r\nhello world', 'length'],
        ['chunks', 'Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n', 'chunked'],
      ];
      for (const [what, rest, framing] of bodies) {
        check(`gives a body with ${what} that came with its head as one piece`, async () => {
          const { send } = await answering(`HTTP/1.1 200 OK\r\n${rest}`);
          const { body } = await send();
          expect(body.whole && new TextDecoder().decode(body.whole)).toBe('hello world');
          expect(body.framing as string).toBe(framing);
        });

        check(`pipes a body with ${what}`, async () => {
          const { send } = await answering(`HTTP/1.1 200 OK\r\n${rest}`);
          expect(await drain((await send()).body)).toEqual({
            text: 'hello world',
            ending: { kind: 'complete' },
          });
        });

        check(`pipes a body with ${what} that comes byte by byte`, async () => {
          const { send } = await scripted((connection) => connection.dribble(`HTTP/1.1 200 OK\r\n${rest}`));
          expect(await drain((await send()).body)).toEqual({
            text: 'hello world',
            ending: { kind: 'complete' },
          });
        });
      }

      check('reads a body that ends with the connection', async () => {
        const { send } = await scripted((connection) =>
          connection.end('HTTP/1.1 200 OK\r\nX: y\r\n\r\nhello'),
        );
        const { body } = await send();
        expect(body.framing).toBe('close');
        expect(await drain(body)).toEqual({ text: 'hello', ending: { kind: 'complete' } });
      });

      const bodiless: [string, string, string][] = [
        ['HEAD', 'HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n'],
        ['a 204', 'GET', 'HTTP/1.1 204 No Content\r\n\r\n'],
        ['a 304', 'GET', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n'],
      ];
      for (const [what, method, bytes] of bodiless) {
        check(`gives no body to ${what}`, async () => {
          const { send } = await answering(bytes);
          const { body } = await send({ method });
          expect(body.whole?.length).toBe(0);
          expect(body.framing).toBe('none');
        });
      }

      check('decodes nothing', async () => {
        const zipped = Buffer.from(Bun.gzipSync(utf8('hello'))).toString('latin1');
        const { send } = await answering(
          `HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: ${zipped.length}\r\n\r\n${zipped}`,
        );
        expect((await drain((await send()).body)).text).toBe(zipped);
      });

      check('stops reading while the reader is busy, and goes on when it is done', async () => {
        const piece = new Uint8Array(65_536).fill(97);
        const size = 64_000_000 - (64_000_000 % piece.length);
        let taken = 0;
        const { send } = await scripted((connection) => {
          connection.send(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`);
          const pour = () => {
            while (taken < size) {
              taken += piece.length;
              if (!connection.socket.write(piece)) {
                connection.socket.once('drain', pour);
                return;
              }
            }
          };
          pour();
        });
        const { body } = await send();
        const release = Promise.withResolvers<void>();
        let received = 0;
        const ending = body.pipe({
          write(bytes) {
            received += bytes.length;
            return release.promise;
          },
        });
        for (let last = -1; taken !== last; ) {
          last = taken;
          await Bun.sleep(150);
        }
        expect(taken).toBeLessThan(32_000_000);
        expect(received).toBeLessThan(2_000_000);
        release.resolve();
        expect(await ending).toEqual({ kind: 'complete' });
        expect(received).toBe(size);
      });

      check('holds a bounded part of a body that nobody reads yet', async () => {
        const piece = new Uint8Array(65_536);
        let taken = 0;
        const { send } = await scripted((connection) => {
          connection.send('HTTP/1.1 200 OK\r\nContent-Length: 64000000\r\n\r\n');
          const pour = () => {
            do taken += piece.length;
            while (connection.socket.write(piece) && taken < 63_000_000);
            if (taken < 63_000_000) connection.socket.once('drain', pour);
          };
          pour();
        });
        const { body } = await send();
        for (let last = -1; taken !== last; ) {
          last = taken;
          await Bun.sleep(150);
        }
        expect(taken).toBeLessThan(32_000_000);
        body.cancel();
      });

      check('gives the body up when its reader fails', async () => {
        const { send, connection } = await manual();
        const answer = send();
        const upstream = await connection;
        upstream.send('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n');
        const { body } = await answer;
        const ending = body.pipe({ write: () => Promise.reject(new Error('full')) });
        upstream.send('abc');
        expect((await ending).kind).toBe('aborted');
        await upstream.gone;
      });

      check('frees the connection when the body is cancelled', async () => {
        const { send, connection, transport } = await manual();
        const answer = send();
        const upstream = await connection;
        upstream.send('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc');
        const { body } = await answer;
        const ending = body.pipe({ write() {} });
        body.cancel();
        expect(await ending).toEqual({ kind: 'aborted' });
        await upstream.gone;
        expect(transport.connections.active).toBe(0);
      });
    });

    describe('what is malformed', () => {
      for (const { name, bytes, in: where } of MALFORMED_RESPONSES) {
        const expected = where === 'head' ? 'upstream_invalid_response' : 'never complete';
        const refuse = (title: string, script: (connection: RawConnection) => unknown) =>
          check(
            title,
            async () => {
              const { send } = await scripted(script);
              expect(await outcome(send(SHORT))).toBe(expected);
            },
            name,
          );
        refuse(`refuses ${name}`, (connection) => connection.send(bytes));
        refuse(`refuses, byte by byte, ${name}`, (connection) => connection.dribble(bytes));
      }
    });

    describe('what is cut short', () => {
      for (const how of ['end', 'reset'] as const) {
        for (const { name, bytes, in: where } of TRUNCATED_RESPONSES) {
          const cutOff = async () => {
            const { send } = await scripted(async (connection) => {
              connection.send(bytes);
              // A reset throws away what was sent before, unless it has arrived.
              await Bun.sleep(10);
              connection[how]();
            });
            expect(await outcome(send(SHORT))).toMatch(
              where === 'head' ? /^upstream_(invalid_response|unreachable)$/ : /^never complete$/,
            );
          };
          check(`never shows ${name}, cut by ${how}, as complete`, cutOff, name);
        }
      }

      check('never shows a body that ends with the connection as complete after a reset', async () => {
        const { send, connection } = await manual();
        const answer = send();
        const upstream = await connection;
        upstream.send('HTTP/1.1 200 OK\r\nX: y\r\n\r\nabc');
        const { body } = await answer;
        const first = Promise.withResolvers<void>();
        const ending = body.pipe({
          write() {
            first.resolve();
          },
        });
        await first.promise;
        upstream.reset();
        expect((await ending).kind).toBe('broken');
      });

      check('says that an upstream which hangs up without a word is unreachable', async () => {
        const { send } = await scripted((connection) => connection.end());
        expect((await failureOf(send())).code).toBe('upstream_unreachable');
      });
    });

    describe('deadlines', () => {
      check('ends a request whose answer does not begin', async () => {
        const { send, connection } = await manual();
        const failure = await failureOf(send({ deadlines: { ...NONE, head: 60 } }));
        expect(failure.code).toBe('upstream_timeout');
        await (await connection).gone;
      });

      check('ends a head that dribbles for ever', async () => {
        const { send } = await scripted((connection) =>
          connection.dribble(`HTTP/1.1 200 OK\r\nX: ${'a'.repeat(50_000)}\r\nContent-Length: 0\r\n\r\n`),
        );
        expect((await failureOf(send({ deadlines: { ...NONE, head: 60 } }))).code).toBe('upstream_timeout');
      });

      check('ends a body that falls silent', async () => {
        const { send, connection } = await manual();
        const answer = send({ deadlines: { ...NONE, silence: 60 } });
        const upstream = await connection;
        upstream.send('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc');
        const { ending } = await drain((await answer).body);
        expect(ending).toEqual({ kind: 'timed_out', deadline: 'silence' });
        await upstream.gone;
      });

      check("lets the reader set the silence in the request's place", async () => {
        const { send, connection } = await manual();
        const answer = send({ deadlines: { ...NONE, silence: 30 } });
        const upstream = await connection;
        upstream.send('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc');
        const { body } = await answer;
        const ending = body.pipe({ write() {} }, { silence: 0 });
        await Bun.sleep(90);
        upstream.send('def');
        expect(await ending).toEqual({ kind: 'complete' });
      });

      check('does not take a slow reader for a silent upstream', async () => {
        const { send, connection } = await manual();
        const answer = send({ deadlines: { ...NONE, silence: 40 } });
        const upstream = await connection;
        upstream.send('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc');
        const { body } = await answer;
        let isBusy = false;
        const ending = body.pipe({
          async write() {
            if (isBusy) return;
            isBusy = true;
            await Bun.sleep(120);
            upstream.send('def');
          },
        });
        expect(await ending).toEqual({ kind: 'complete' });
      });

      check('ends the whole exchange at its time, however much comes', async () => {
        const { send } = await scripted((connection) => {
          connection.send('HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n');
          const timer = setInterval(() => connection.send('abc'), 10);
          connection.gone.then(() => clearInterval(timer));
        });
        const { ending } = await drain(
          (await send({ deadlines: { ...NONE, silence: 5000, total: 120 } })).body,
        );
        expect(ending).toEqual({ kind: 'timed_out', deadline: 'total' });
      });

      check('counts the whole time before the head too', async () => {
        const { send } = await manual();
        expect((await failureOf(send({ deadlines: { ...NONE, total: 60 } }))).code).toBe('upstream_timeout');
      });

      check('ends a TLS handshake that does not come to its end', async () => {
        const { send } = await manual();
        const failure = await failureOf(send({ scheme: 'https', deadlines: { ...NONE, connect: 60 } }));
        expect(failure.code).toBe('upstream_timeout');
      });
    });

    describe('aborting', () => {
      check('sends nothing when the signal is aborted already', async () => {
        const { send, controller, upstream } = await manual();
        controller.abort();
        expect((await failureOf(send())).code).toBe('aborted');
        expect(upstream.requests).toBe(0);
      });

      check('frees the connection before the head', async () => {
        const { send, controller, connection, transport } = await manual();
        const failure = failureOf(send());
        const upstream = await connection;
        controller.abort();
        expect((await failure).code).toBe('aborted');
        await upstream.gone;
        expect(transport.connections.active).toBe(0);
      });

      check('frees the connection in the middle of the body', async () => {
        const { send, controller, connection, transport } = await manual();
        const answer = send();
        const upstream = await connection;
        upstream.send('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc');
        const ending = (await answer).body.pipe({ write() {} });
        controller.abort();
        expect(await ending).toEqual({ kind: 'aborted' });
        await upstream.gone;
        expect(transport.connections.active).toBe(0);
      });

      check('frees the connection in the middle of an upload', async () => {
        const { send, controller, connection } = await manual();
        const { stream, push, cancelled } = source();
        const failure = failureOf(send({ method: 'POST', body: { stream, length: null } }));
        push('abc');
        const upstream = await connection;
        await upstream.until(/abc\r\n$/);
        controller.abort();
        expect((await failure).code).toBe('aborted');
        await upstream.gone;
        await cancelled;
      });

      check('gives up while it connects', async () => {
        const { send, controller } = await manual();
        const failure = failureOf(send({ scheme: 'https' }));
        controller.abort();
        expect((await failure).code).toBe('aborted');
      });
    });

    describe('connecting', () => {
      check('says that a closed port is unreachable', async () => {
        const { send, upstream } = await manual();
        await upstream[Symbol.asyncDispose]();
        expect((await failureOf(send())).code).toBe('upstream_unreachable');
      });

      check('asks for the name, verifies it and speaks HTTP/1.1 over TLS', async () => {
        const names: (string | null)[] = [];
        const { send } = await scripted(
          (connection) => {
            names.push(connection.serverName);
            connection.send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
          },
          { certificate: 'upstream' },
        );
        const { body } = await send({ scheme: 'https' });
        expect((await drain(body)).text).toBe('ok');
        expect(names).toEqual(['upstream.test']);
      });

      check('takes an address that the certificate names', async () => {
        const { send } = await answering(OK_EMPTY, { certificate: 'upstream' });
        expect((await send({ scheme: 'https', hostname: '127.0.0.1' })).status).toBe(200);
      });

      for (const shown of ['wrong-name', 'expired', 'untrusted'] as const) {
        check(`sends not a byte to an upstream whose certificate is ${shown}`, async () => {
          const { send, upstream } = await answering(OK_EMPTY, { certificate: shown });
          expect((await failureOf(send({ scheme: 'https' }))).code).toBe('upstream_unreachable');
          expect(upstream.bytes).toBe(0);
        });
      }

      check('sends not a byte to an upstream that speaks no TLS', async () => {
        const { send } = await answering(OK_EMPTY);
        expect(
          (await failureOf(send({ scheme: 'https', deadlines: { ...NONE, connect: 500 } }))).code,
        ).toMatch(/^upstream_/);
      });

      check('never uses a connection made for one name for another', async () => {
        const names: (string | null)[] = [];
        const { send, upstream } = await scripted(
          (connection) => {
            names.push(connection.serverName);
            connection.send(OK_EMPTY);
          },
          { certificate: 'upstream' },
        );
        await send({ scheme: 'https' });
        await send({ scheme: 'https', hostname: 'a.wild.test' });
        expect(names).toEqual(['upstream.test', 'a.wild.test']);
        expect(upstream.accepted).toBe(2);
      });

      check('sends no request once it is closed', async () => {
        const { send, transport, upstream } = await answering(OK_EMPTY);
        await send();
        transport.close();
        expect(await failureOf(send())).toBeInstanceOf(TransportError);
        expect(upstream.requests).toBe(1);
      });
    });

    test('every exception to the contract names a test', () => {
      expect([...unused]).toEqual([]);
    });
  });

  function check(title: string, run: () => Promise<void>, key = title): void {
    const reason = exceptions[key];
    unused.delete(key);
    if (reason === undefined) test(title, run);
    else test.skip(`${title} (not by ${name}: ${reason})`, run);
  }

  async function scripted(
    script: (connection: RawConnection, head: string) => unknown,
    options: RawUpstreamOptions = {},
  ) {
    const upstream = await startRawUpstream(script, options);
    const transport = create({ ca: certificate('ca') });
    open.push(transport, upstream);
    const controller = new AbortController();
    const send = (request: Partial<UpstreamRequest> = {}) =>
      transport.send({ ...REQUEST, port: upstream.port, ...request }, controller.signal);
    return { upstream, transport, controller, send };
  }

  async function answering(bytes: string, options?: RawUpstreamOptions) {
    let received = () => '';
    const setup = await scripted((connection) => {
      received = () => connection.received;
      connection.send(bytes);
    }, options);
    return { ...setup, seen: () => received() };
  }

  async function manual(options?: RawUpstreamOptions) {
    const { promise: connection, resolve } = Promise.withResolvers<RawConnection>();
    return { ...(await scripted(resolve, options)), connection };
  }
}

const OK_EMPTY = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n';
const NONE = { connect: 0, head: 0, silence: 0, total: 0 };
const REQUEST: UpstreamRequest = {
  method: 'GET',
  scheme: 'http',
  hostname: 'upstream.test',
  port: 0,
  address: '127.0.0.1',
  target: '/',
  headers: [['Host', 'upstream.test']],
  body: null,
  deadlines: { connect: 5000, head: 5000, silence: 5000, total: 10_000 },
};
/** Where a transport waits for more instead of refusing, the test says so soon. */
const SHORT: Partial<UpstreamRequest> = { deadlines: { ...NONE, head: 1000, silence: 1000 } };

function utf8(string: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(string);
}

async function failureOf(answer: Promise<unknown>): Promise<TransportError> {
  const failure = await answer.then(
    () => new Error('there was an answer'),
    (error) => error,
  );
  if (!(failure instanceof TransportError)) throw failure;
  return failure;
}

/** The body, one character a byte, and how it ended. */
async function drain(body: AnswerBody): Promise<{ text: string; ending: Ending }> {
  const pieces: Uint8Array[] = [];
  const ending = await body.pipe({
    write(bytes) {
      pieces.push(bytes);
    },
  });
  return { text: Buffer.concat(pieces).toString('latin1'), ending };
}

/** The code of a refusal before the answer; after it, only whether it was ever shown as complete. */
async function outcome(answer: Promise<UpstreamAnswer>): Promise<string> {
  const failure = await answer.then(
    () => null,
    (error) => error,
  );
  if (failure instanceof TransportError) {
    return failure.reason.startsWith('chunk') || failure.reason.startsWith('trailer')
      ? 'never complete'
      : failure.code;
  }
  if (failure !== null) throw failure;
  const { ending } = await drain((await answer).body);
  return ending.kind === 'broken' ? 'never complete' : ending.kind;
}

function source() {
  const { promise: cancelled, resolve } = Promise.withResolvers<void>();
  let controller!: ReadableStreamDefaultController<Uint8Array>;
  const stream = new ReadableStream<Uint8Array>({
    start(given) {
      controller = given;
    },
    cancel: () => resolve(),
  });
  return {
    stream,
    cancelled,
    push: (string: string) => controller.enqueue(utf8(string)),
    end: () => controller.close(),
    fail: () => controller.error(new Error('the client has gone')),
  };
}
