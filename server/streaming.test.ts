import { describe, expect, test } from 'bun:test';
import { startGateway, WIRE_FRONTS } from './testing/gateway.ts';
import { RawClient, rawRequest } from './testing/rawClient.ts';
import { startUpstream } from './testing/scriptedUpstream.ts';

const EVENT_STREAM_HEAD =
  'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n';
const chunk = (text: string) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;

describe.each(WIRE_FRONTS)('by the front %s:', (front) => {
  describe('an event stream', () => {
    test('arrives event by event, byte for byte, and ends when the upstream ends', async () => {
      await using upstream = await startUpstream();
      await using gateway = startGateway({ front });
      using client = new RawClient(gateway);
      client.send(rawRequest(gateway.sign(`${upstream.origin}/stream`)));
      const connection = await upstream.next();
      connection.send(EVENT_STREAM_HEAD);
      for (const event of ['data: one\n\n', 'data: two\r\n\r\n', ': a comment\n\n', 'data: [DONE]\n\n']) {
        connection.send(chunk(event));
        expect(await client.receive(({ received }) => received.endsWith(chunk(event)))).toEndWith(
          chunk(event),
        );
      }
      connection.send('0\r\n\r\n');
      expect(await client.receive(/\r\n0\r\n\r\n$/)).toStartWith('HTTP/1.1 200 OK\r\n');
      expect(client.received).toContain('\r\nX-Accel-Buffering: no\r\n');
      expect(client.received).not.toContain(':\n\n2');
    });

    test('has its head handed on while it is silent', async () => {
      await using upstream = await startUpstream();
      await using gateway = startGateway({ front });
      using client = new RawClient(gateway);
      client.send(
        rawRequest(gateway.sign(`${upstream.origin}/`), { headers: { Accept: 'text/event-stream' } }),
      );
      const connection = await upstream.next();
      connection.send(EVENT_STREAM_HEAD);
      const comment = front !== 'http1' ? chunk(':\n\n') : '';
      const ending = `\r\n\r\n${comment}`;
      expect(await client.receive(({ received }) => received.endsWith(ending))).toEndWith(ending);
      connection.send(`${chunk('data: late\n\n')}0\r\n\r\n`);
      expect(await client.receive(/0\r\n\r\n$/)).toEndWith(`${ending}${chunk('data: late\n\n')}0\r\n\r\n`);
    });

    test.each([
      ['the client did not ask for event streams', { Accept: '*/*' }, ''],
      ['the body is encoded', { Accept: 'text/event-stream' }, 'Content-Encoding: gzip\r\n'],
    ])('gets no comment when %s', async (_, headers, further) => {
      await using upstream = await startUpstream();
      await using gateway = startGateway({ front });
      using client = new RawClient(gateway);
      client.send(rawRequest(gateway.sign(`${upstream.origin}/`), { headers }));
      const connection = await upstream.next();
      connection.send(EVENT_STREAM_HEAD.replace('\r\n\r\n', `\r\n${further}\r\n`));
      // Longer than the moment after which the comment would have been sent.
      await Bun.sleep(60);
      connection.send(chunk('data: x\n\n'));
      await client.receive(/data: x\n\n\r\n$/);
      connection.send('0\r\n\r\n');
      expect(await client.receive(/0\r\n\r\n$/)).toEndWith(`\r\n\r\n${chunk('data: x\n\n')}0\r\n\r\n`);
    });
  });

  describe('an answer', () => {
    test.each([
      ['with a length', 'Content-Length: 5\r\n\r\nhello'],
      ['in chunks', 'Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n'],
    ])('%s keeps its status, headers and bytes', async (_, rest) => {
      await using upstream = await startUpstream(({ send }) => {
        send(`HTTP/1.1 418 I'm a teapot\r\nETag: "x"\r\nX-Request-Id: up-1\r\n${rest}`);
      });
      await using gateway = startGateway({ front });
      const answer = await gateway.ask(gateway.sign(`${upstream.origin}/`));
      expect(answer.status).toBe(418);
      expect(answer.headers.get('etag')).toBe('"x"');
      expect(answer.headers.get('x-request-id')).toBe('up-1');
      expect(answer.headers.get('x-sw-request-id')).toMatch(/^[0-9a-f-]{36}$/);
      expect(answer.headers.has('content-type')).toBe(false);
      expect(await answer.text()).toBe('hello');
    });

    test('leaves a record of what it took, and of the connection to the upstream', async () => {
      await using upstream = await startUpstream(({ send }) =>
        send('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello'),
      );
      await using gateway = startGateway({ front });
      for (const reused of [false, true]) {
        const record = gateway.nextRecord();
        await (await gateway.ask(gateway.sign(`${upstream.origin}/`))).text();
        const { headMs, connectMs, totalMs, ...rest } = await record;
        expect(rest).toMatchObject({ status: 200, ending: 'complete', bytesIn: 0, bytesOut: 5, reused });
        expect(headMs! <= totalMs).toBe(true);
        expect(connectMs === null).toBe(reused);
      }
    });

    test('that is compressed passes as it is', async () => {
      const zipped = Bun.gzipSync('hello');
      await using upstream = await startUpstream(({ send }) => {
        send(`HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: ${zipped.length}\r\n\r\n`);
        send(zipped);
      });
      await using gateway = startGateway({ front });
      const answer = await gateway.ask(gateway.sign(`${upstream.origin}/`), { decompress: false });
      expect(answer.headers.get('content-encoding')).toBe('gzip');
      expect(await answer.bytes()).toEqual(new Uint8Array(zipped));
    });

    test('that redirects is handed back, its Location absolute, never followed', async () => {
      await using upstream = await startUpstream(({ send }) => {
        send('HTTP/1.1 307 Temporary Redirect\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n');
      });
      await using gateway = startGateway({ front });
      const answer = await gateway.ask(gateway.sign(`${upstream.origin}/here`), { redirect: 'manual' });
      expect(answer.status).toBe(307);
      expect(answer.headers.get('location')).toBe(`${upstream.origin}/elsewhere`);
      expect(upstream.accepted).toBe(1);
    });

    test.each(['204 No Content', '304 Not Modified', '205 Reset Content'])(
      'of %s has no body',
      async (status) => {
        await using upstream = await startUpstream(({ send }) =>
          send(`HTTP/1.1 ${status}\r\nETag: "x"\r\nContent-Length: 0\r\n\r\n`),
        );
        await using gateway = startGateway({ front });
        const answer = await gateway.ask(gateway.sign(`${upstream.origin}/`));
        expect(answer.status).toBe(Number(status.slice(0, 3)));
        expect(answer.headers.get('etag')).toBe('"x"');
        expect(await answer.text()).toBe('');
      },
    );

    test('of 205 Reset Content has none either where the upstream sends one, late', async () => {
      await using upstream = await startUpstream(({ send }) =>
        send('HTTP/1.1 205 Reset Content\r\nContent-Length: 5\r\n\r\n'),
      );
      await using gateway = startGateway({ front });
      const answer = await gateway.ask(gateway.sign(`${upstream.origin}/`));
      expect([answer.status, await answer.text()]).toEqual([205, '']);
      expect(answer.headers.get('content-length')).not.toBe('5');
      expect(gateway.records).toMatchObject([{ ending: 'complete', bytesOut: 0 }]);
      await (await upstream.next()).gone;
    });

    test('to HEAD keeps the length that a GET would have', async () => {
      await using upstream = await startUpstream(({ send }) =>
        send('HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n'),
      );
      await using gateway = startGateway({ front });
      const url = gateway.sign(`${upstream.origin}/`, { method: 'HEAD' });
      const answer = await gateway.ask(url, { method: 'HEAD' });
      expect(answer.headers.get('content-length')).toBe('1234');
    });
  });

  describe('a request', () => {
    test('goes up as it comes, before it is whole', async () => {
      await using upstream = await startUpstream();
      await using gateway = startGateway({ front });
      using client = new RawClient(gateway);
      const url = gateway.sign(`${upstream.origin}/upload?x=1`, { method: 'PUT' });
      client.send(rawRequest(url, { method: 'PUT', headers: { 'Content-Length': '10' }, body: 'first' }));
      const connection = await upstream.next();
      expect(await connection.receive(/first/)).toStartWith('PUT /upload?x=1 HTTP/1.1\r\n');
      client.send('after');
      await connection.receive(/after/);
      connection.send('HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n');
      expect(await client.receive(/\r\n\r\n/)).toStartWith('HTTP/1.1 201 Created\r\n');
    });

    test.each([
      ['grows too large', { maxBody: 5 }, '1\r\nf\r\n', 'body_too_large'],
      ['falls silent', { bodySilenceTimeout: 100 }, '', 'request_timeout'],
      // What Bun.serve cannot read it does not tell from a client that has left.
      ...(front !== 'http1' ? [] : [['is malformed', {}, 'x', 'bad_request'] as const]),
    ])('whose body %s once it is being answered is recorded as cut off', async (_, limits, rest, code) => {
      await using upstream = await startUpstream();
      await using gateway = startGateway({ front, limits });
      const record = gateway.nextRecord();
      const url = gateway.sign(`${upstream.origin}/`, { method: 'POST' });
      using client = new RawClient(gateway);
      const head = rawRequest(url, { method: 'POST', headers: { 'Transfer-Encoding': 'chunked' } });
      client.send(`${head}5\r\nabcde\r\n`);
      const connection = await upstream.next();
      await connection.receive(/abcde/);
      connection.send(EVENT_STREAM_HEAD + chunk('data: one\n\n'));
      await client.receive(/data: one/);
      client.send(rest);
      expect(await record).toMatchObject({ ending: 'cut_off', code, status: 200 });
      await connection.gone;
      expect(await client.finished()).not.toMatch(/0\r\n\r\n$/);
    });

    test('in chunks goes up in chunks', async () => {
      await using upstream = await startUpstream();
      await using gateway = startGateway({ front });
      const record = gateway.nextRecord();
      using client = new RawClient(gateway);
      const url = gateway.sign(`${upstream.origin}/`, { method: 'POST' });
      client.send(
        rawRequest(url, {
          method: 'POST',
          headers: { 'Transfer-Encoding': 'chunked' },
          body: '5\r\nhello\r\n0\r\n\r\n',
        }),
      );
      const connection = await upstream.next();
      const received = await connection.receive(/0\r\n\r\n$/);
      expect(received).toContain('\r\nTransfer-Encoding: chunked\r\n');
      expect(received).toEndWith('\r\n\r\n5\r\nhello\r\n0\r\n\r\n');
      connection.send('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
      await client.receive(/\r\n\r\n/);
      expect(await record).toMatchObject({ bytesIn: 5, bytesOut: 0 });
    });

    test('in chunks of a byte does not go up in as many', async () => {
      await using upstream = await startUpstream();
      await using gateway = startGateway({ front });
      using client = new RawClient(gateway);
      const url = gateway.sign(`${upstream.origin}/`, { method: 'POST' });
      const head = rawRequest(url, { method: 'POST', headers: { 'Transfer-Encoding': 'chunked' } });
      client.send(`${head}${'1\r\nx\r\n'.repeat(5000)}0\r\n\r\n`);
      const connection = await upstream.next();
      const [, body] = (await connection.receive(/\r\n0\r\n\r\n$/)).split('\r\n\r\n');
      expect(body!.match(/x/g)).toHaveLength(5000);
      expect(body!.match(/\r\nx+/g)!.length).toBeLessThan(500);
    });

    test('with a signed body goes up with exactly that body', async () => {
      await using upstream = await startUpstream();
      await using gateway = startGateway({ front });
      const body = '{"model":"gpt-4o-mini","content":"¿Qué tal?"}';
      const url = gateway.sign(`${upstream.origin}/`, { method: 'POST', body });
      const answer = gateway.ask(url, { method: 'POST', body });
      const connection = await upstream.next();
      const received = await connection.receive(/\}$/);
      expect(received).toContain(`\r\nContent-Length: ${Buffer.byteLength(body)}\r\n`);
      expect(Buffer.from(received.slice(received.indexOf('\r\n\r\n') + 4), 'latin1').toString()).toBe(body);
      connection.send('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
      expect((await answer).status).toBe(200);
    });

    test('of any method passes', async () => {
      await using upstream = await startUpstream(({ send }) =>
        send('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'),
      );
      await using gateway = startGateway({ front });
      for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
        const answer = await gateway.ask(gateway.sign(`${upstream.origin}/`, { method }), { method });
        expect(answer.status).toBe(200);
        expect((await upstream.next()).received).toContain(`${method} / HTTP/1.1\r\n`);
      }
    });
  });
});
