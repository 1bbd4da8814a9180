/** What is asked of the other fronts in streaming, ending, leaving and refusal, over HTTP/2. */
import { describe, expect, test } from 'bun:test';
import { connect } from 'node:tls';
import { createSignway } from '../../createSignway.ts';
import { CA, OTHER_TLS, TLS } from '../../testing/certificates.ts';
import { startGateway } from '../../testing/gateway.ts';
import { Http2Client } from '../../testing/http2Client.ts';
import { installed } from '../../testing/installed.ts';
import { FRAME, frame, head, RawHttp2 } from '../../testing/rawHttp2.ts';
import { startUpstream, type UpstreamConnection } from '../../testing/scriptedUpstream.ts';

const EVENTS = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n';
const chunk = (text: string) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
const hi = ({ send }: UpstreamConnection) => send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi');

describe('a stream over HTTP/2', () => {
  test('arrives event by event, byte for byte, and ends when the upstream ends', async () => {
    await using upstream = await startUpstream();
    await using gateway = startGateway({ tls: TLS });
    expect(gateway.url.protocol).toBe('https:');
    using client = new Http2Client(gateway.url);
    const request = client.request(gateway.sign(`${upstream.origin}/`));
    const connection = await upstream.next();
    connection.send(EVENTS);
    let sent = '';
    for (const event of ['data: one\n\n', 'data: two\r\n\r\n', ': a comment\n\n', 'data: [DONE]\n\n']) {
      connection.send(chunk(event));
      sent += event;
      await request.receive(new RegExp(`.{${sent.length}}`, 's'));
      expect(request.received).toBe(sent);
    }
    expect(request.ended).toBe('open');
    connection.send('0\r\n\r\n');
    expect(await request.finished()).toBe('whole');
    expect(request.headers).toMatchObject({ ':status': 200, 'x-accel-buffering': 'no' });
  });

  test('has its head, and a comment, handed on while it is silent', async () => {
    await using upstream = await startUpstream();
    await using gateway = startGateway({ tls: TLS });
    using client = new Http2Client(gateway.url);
    const request = client.request(gateway.sign(`${upstream.origin}/`), {
      headers: { accept: 'text/event-stream' },
    });
    const connection = await upstream.next();
    connection.send(EVENTS);
    expect(await request.head()).toBe(200);
    await request.receive(/./s);
    connection.send(`${chunk('data: late\n\n')}0\r\n\r\n`);
    expect(await request.finished()).toBe('whole');
    expect(request.received).toBe(':\n\ndata: late\n\n');
  });

  test('is one of a hundred on one connection, none of which waits for another', async () => {
    await using upstream = await startUpstream(({ send }) => send(`${EVENTS}${chunk('data: one\n\n')}`));
    await using gateway = startGateway({ tls: TLS });
    using client = new Http2Client(gateway.url);
    const requests = Array.from({ length: 100 }, () => client.request(gateway.sign(`${upstream.origin}/`)));
    await Promise.all(requests.map((request) => request.receive(/one/)));
    const connections = await Promise.all(requests.map(() => upstream.next()));
    for (const connection of connections.toReversed()) connection.send(`${chunk('data: two\n\n')}0\r\n\r\n`);
    expect(await Promise.all(requests.map((request) => request.finished()))).not.toContain('reset');
    for (const { received } of requests) expect(received).toBe('data: one\n\ndata: two\n\n');
  });

  test('that the client reads slowly holds the upstream back', async () => {
    let written = 0;
    const block = Buffer.alloc(65_536, 'x');
    const whole = 400 * 1024 * 1024;
    await using upstream = await startUpstream(({ socket, send }) => {
      send(`HTTP/1.1 200 OK\r\nContent-Length: ${whole}\r\n\r\n`);
      const fill = () => {
        while (socket.writable && written < whole) {
          written += block.length;
          if (!socket.write(block)) return;
        }
      };
      socket.on('drain', fill);
      fill();
    });
    await using gateway = startGateway({ tls: TLS });
    using client = new Http2Client(gateway.url);
    const request = client.request(gateway.sign(`${upstream.origin}/`));
    request.pause();
    await request.head();
    let before = -1;
    while (before !== written) {
      before = written;
      await Bun.sleep(200);
    }
    expect(written).toBeLessThan(64 * 1024 * 1024);
  }, 30_000);
});

test('a stream of which the client takes nothing is ended, over HTTP/2 too', async () => {
  await using upstream = await startUpstream(({ send, socket }) => {
    send('HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n');
    const block = Buffer.alloc(65_536, 'x');
    const fill = () => {
      while (socket.writable && socket.write(block));
    };
    socket.on('drain', fill);
    fill();
  });
  await using gateway = startGateway({ tls: TLS, limits: { sendTimeout: 500 } });
  using client = new Http2Client(gateway.url);
  const record = gateway.nextRecord();
  const request = client.request(gateway.sign(`${upstream.origin}/`));
  request.pause();
  expect(await record).toMatchObject({ ending: 'client_gone', status: 200 });
  const connection = await upstream.next();
  await connection.gone;
}, 30_000);

test.each([
  ['two seconds', 2000],
  ['thirty days, which no timer can wait', 30 * 86_400_000],
])(
  'within %s a stream of which the client takes a little at a time is not ended',
  async (_, sendTimeout) => {
    const size = 600_000;
    await using upstream = await startUpstream(({ send }) =>
      send(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n${'x'.repeat(size)}`),
    );
    await using gateway = startGateway({ tls: TLS, limits: { sendTimeout } });
    using client = new RawHttp2(gateway);
    const url = gateway.sign(`${upstream.origin}/`);
    client.send(
      head([
        [':method', 'GET'],
        [':scheme', 'https'],
        [':authority', 'a'],
        [':path', url.slice(url.indexOf('/?'))],
      ]),
    );
    // Room for one more frame, on the stream and on the connection (RFC 9113, section 6.9).
    const payload = Buffer.from([0, 0, 0x40, 0]);
    while (client.outcome(1) === 'open') {
      client.send(frame(FRAME.window, { stream: 0, payload }), frame(FRAME.window, { payload }));
      await Bun.sleep(100);
    }
    const received = client.frames.filter(({ type }) => type === FRAME.data);
    expect(received.reduce((sum, { payload }) => sum + payload.length, 0)).toBe(size);
  },
  30_000,
);

describe('an answer over HTTP/2', () => {
  test.each([
    ['with a length', 'Content-Length: 5\r\n\r\nhello'],
    ['in chunks', 'Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n'],
  ])('%s keeps its status, headers and bytes', async (_, rest) => {
    await using upstream = await startUpstream(({ send }) => {
      send(`HTTP/1.1 418 I'm a teapot\r\nETag: "x"\r\nConnection: x-hop\r\nX-Hop: 1\r\n${rest}`);
    });
    await using gateway = startGateway({ tls: TLS });
    using client = new Http2Client(gateway.url);
    const request = client.request(gateway.sign(`${upstream.origin}/`));
    expect(await request.finished()).toBe('whole');
    expect([request.status, request.received]).toEqual([418, 'hello']);
    expect(request.headers).toMatchObject({ etag: '"x"', 'access-control-allow-origin': '*' });
    for (const name of ['connection', 'x-hop', 'transfer-encoding', 'content-type']) {
      expect(request.headers).not.toHaveProperty(name);
    }
  });

  test.each(['204 No Content', '304 Not Modified'])('of %s has no body', async (status) => {
    await using upstream = await startUpstream(({ send }) => send(`HTTP/1.1 ${status}\r\nETag: "x"\r\n\r\n`));
    await using gateway = startGateway({ tls: TLS });
    using client = new Http2Client(gateway.url);
    const request = client.request(gateway.sign(`${upstream.origin}/`));
    expect(await request.finished()).toBe('whole');
    expect([request.status, request.received]).toEqual([Number(status.slice(0, 3)), '']);
  });

  test('to HEAD keeps the length that a GET would have', async () => {
    await using upstream = await startUpstream(({ send }) =>
      send('HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n'),
    );
    await using gateway = startGateway({ tls: TLS });
    using client = new Http2Client(gateway.url);
    const url = gateway.sign(`${upstream.origin}/`, { method: 'HEAD' });
    const request = client.request(url, { method: 'HEAD' });
    expect(await request.finished()).toBe('whole');
    expect(request.headers).toMatchObject({ ':status': 200, 'content-length': '1234' });
  });

  test.each([
    ['a length that comes short', 'Content-Length: 10\r\n\r\nshort', ''],
    ['no last chunk', `Transfer-Encoding: chunked\r\n\r\n${chunk('short')}`, ''],
    ['a chunk that is none', `Transfer-Encoding: chunked\r\n\r\n${chunk('short')}`, 'zz\r\n'],
  ])('that breaks off, with %s, is an error of its stream alone', async (_, rest, last) => {
    await using upstream = await startUpstream((connection, head) => {
      if (head.includes('/good')) hi(connection);
      else connection.send(`HTTP/1.1 200 OK\r\n${rest}`);
    });
    await using gateway = startGateway({ tls: TLS });
    using client = new Http2Client(gateway.url);
    const request = client.request(gateway.sign(`${upstream.origin}/`));
    const { socket } = await upstream.next();
    await request.receive(/short/);
    socket.end(last);
    expect(await request.finished()).toBe('reset');
    expect(gateway.records).toMatchObject([{ ending: 'broken', status: 200 }]);
    const next = client.request(gateway.sign(`${upstream.origin}/good`));
    expect([await next.finished(), next.received]).toEqual(['whole', 'hi']);
  });
});

describe('a request over HTTP/2', () => {
  test('goes up as it comes, in chunks where it has no length', async () => {
    await using upstream = await startUpstream();
    await using gateway = startGateway({ tls: TLS });
    using client = new Http2Client(gateway.url);
    const url = gateway.sign(`${upstream.origin}/upload`, { method: 'PUT' });
    const request = client.request(url, { method: 'PUT', body: null });
    request.write('first');
    const connection = await upstream.next();
    expect(await connection.receive(/first/)).toContain('\r\nTransfer-Encoding: chunked\r\n');
    request.write('after');
    await connection.receive(/after/);
    request.end();
    await connection.receive(/0\r\n\r\n$/);
    connection.send('HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n');
    expect(await request.head()).toBe(201);
  });

  test('keeps a length that it has, and its hop-by-hop fields and cookies end at the gateway', async () => {
    await using upstream = await startUpstream(hi);
    await using gateway = startGateway({ tls: TLS });
    using client = new Http2Client(gateway.url);
    const url = gateway.sign(`${upstream.origin}/`, { method: 'POST' });
    const headers = { 'content-length': '5', te: 'trailers', cookie: 'a=b', 'x-one': '1' };
    await client.request(url, { method: 'POST', headers, body: 'hello' }).finished();
    const { received } = await upstream.next();
    expect(received).toContain('\r\nContent-Length: 5\r\n');
    expect(received.toLowerCase()).toContain('\r\nx-one: 1\r\n');
    expect(received.toLowerCase()).toContain(`\r\nhost: 127.0.0.1:${upstream.port}\r\n`);
    expect(received).not.toMatch(/\r\n(te|cookie):/i);
  });

  test('with a signed body passes with a length, and is length_required without one', async () => {
    await using upstream = await startUpstream(hi);
    await using gateway = startGateway({ tls: TLS });
    using client = new Http2Client(gateway.url);
    const url = gateway.sign(`${upstream.origin}/`, { method: 'POST', body: 'hello' });
    const post = async (body: string | null, headers = {}) => {
      const request = client.request(url, { method: 'POST', headers, body });
      if (body === null) request.end();
      await request.finished();
      return request.headers['x-sw-error'] ?? request.status;
    };
    expect(await post('hello', { 'content-length': '5' })).toBe(200);
    expect(await post('hellO', { 'content-length': '5' })).toBe('signature_mismatch');
    expect(await post('hello')).toBe('length_required');
    // An empty DATA frame ends it: a body of no known length, which is not the body of no length at all.
    expect(await post(null)).toBe('length_required');
  });

  test('with an empty signed body, which needs no length, passes', async () => {
    await using upstream = await startUpstream(hi);
    await using gateway = startGateway({ tls: TLS });
    using client = new Http2Client(gateway.url);
    const url = gateway.sign(`${upstream.origin}/`, { method: 'POST', body: '' });
    const request = client.request(url, { method: 'POST' });
    expect([await request.finished(), request.status]).toEqual(['whole', 200]);
  });

  test('whose length is not that of its body never reaches the upstream as a whole one', async () => {
    await using upstream = await startUpstream(hi);
    await using gateway = startGateway({ tls: TLS });
    using client = new Http2Client(gateway.url);
    const url = gateway.sign(`${upstream.origin}/`, { method: 'POST', body: 'hello' });
    for (const length of ['4', '6']) {
      const request = client.request(url, {
        method: 'POST',
        headers: { 'content-length': length },
        body: 'hello',
      });
      await request.finished();
      expect(request.status).not.toBe(200);
    }
    expect(upstream.accepted).toBe(0);
  });

  test.each([
    ['a GET with a length', { 'content-length': '3' }, 'bad_request'],
    ['a malformed authority', { host: 'a b' }, 'bad_request'],
    ['another path', { ':path': '/other' }, 'not_found'],
  ])('with %s is refused with a code', async (_, headers, code) => {
    await using upstream = await startUpstream(hi);
    await using gateway = startGateway({ tls: TLS });
    using client = new Http2Client(gateway.url);
    const url = gateway.sign(`${upstream.origin}/`).replace('/?', ':path' in headers ? '/other?' : '/?');
    const { ':path': _path, ...rest } = headers as Record<string, string>;
    const body = 'content-length' in rest ? 'abc' : '';
    const request = client.request(url, { headers: rest, body });
    await request.finished();
    expect(request.headers['x-sw-error']).toBe(code);
    expect(JSON.parse(request.received)).toMatchObject({ code });
    expect(upstream.accepted).toBe(0);
  });
});

describe('a client that leaves', () => {
  test.each([
    ['before the head', false, 499],
    ['in the middle of the answer', true, 200],
  ])('one request %s ends it at the upstream, and no other', async (_, answers, status) => {
    await using upstream = await startUpstream((connection, head) => {
      if (head.includes('/good')) return hi(connection);
      if (answers) connection.send(`${EVENTS}${chunk('data: one\n\n')}`);
    });
    await using gateway = startGateway({ tls: TLS });
    using client = new Http2Client(gateway.url);
    const record = gateway.nextRecord();
    const request = client.request(gateway.sign(`${upstream.origin}/`));
    const connection = await upstream.next();
    if (answers) await request.receive(/one/);
    request.leave();
    await connection.gone;
    expect(await record).toMatchObject({ ending: 'client_gone', status });
    const next = client.request(gateway.sign(`${upstream.origin}/good`));
    expect([await next.finished(), next.received]).toEqual(['whole', 'hi']);
  });

  test('ends all its requests at their upstreams when its connection goes', async () => {
    await using upstream = await startUpstream(({ send }) => send(`${EVENTS}${chunk('data: one\n\n')}`));
    await using gateway = startGateway({ tls: TLS });
    const client = new Http2Client(gateway.url);
    const requests = Array.from({ length: 10 }, () => client.request(gateway.sign(`${upstream.origin}/`)));
    const connections = await Promise.all(requests.map(() => upstream.next()));
    await Promise.all(requests.map((request) => request.receive(/one/)));
    client.leave();
    await Promise.all(connections.map((connection) => connection.gone));
    await gateway.stop();
    expect(gateway.records.map(({ ending }) => ending)).toEqual(Array(10).fill('client_gone'));
  });

  test('thousands of its requests as soon as it has made them leaves nothing behind', async () => {
    await using upstream = await startUpstream();
    await using gateway = startGateway({ tls: TLS });
    using client = new Http2Client(gateway.url);
    const url = gateway.sign(`${upstream.origin}/`);
    for (let group = 0; group < 50; group++) {
      const requests = Array.from({ length: 100 }, () => client.request(url));
      for (const request of requests) request.leave();
      await Promise.all(requests.map((request) => request.finished()));
    }
    using other = new Http2Client(gateway.url);
    const health = other.request(new URL('/healthz', gateway.url).href);
    expect([await health.finished(), health.status]).toEqual(['whole', 200]);
    client.leave();
    await gateway.stop();
    expect(gateway.gauges).toMatchObject({ requests: 0, heldBytes: 0 });
    expect(new Set(gateway.records.map(({ ending }) => ending))).toEqual(new Set(['client_gone']));
  }, 60_000);

  test('in the middle of its upload ends the request to the upstream', async () => {
    await using upstream = await startUpstream();
    await using gateway = startGateway({ tls: TLS });
    using client = new Http2Client(gateway.url);
    const record = gateway.nextRecord();
    const url = gateway.sign(`${upstream.origin}/`, { method: 'POST' });
    const request = client.request(url, { method: 'POST', body: null });
    request.write('half');
    const connection = await upstream.next();
    await connection.receive(/half/);
    request.leave();
    await connection.gone;
    expect(await record).toMatchObject({ ending: 'client_gone', status: 499 });
  });
});

describe('stop, over HTTP/2', () => {
  test('lets running streams end cleanly, and tells the client to ask elsewhere', async () => {
    await using upstream = await startUpstream(({ send }) => send(`${EVENTS}${chunk('data: one\n\n')}`));
    await using gateway = startGateway({ tls: TLS });
    using client = new Http2Client(gateway.url);
    const request = client.request(gateway.sign(`${upstream.origin}/`));
    const connection = await upstream.next();
    await request.receive(/one/);
    const stopped = gateway.stop({ drain: 10_000 });
    await client.goAway;
    connection.send(`${chunk('data: two\n\n')}0\r\n\r\n`);
    expect(await request.finished()).toBe('whole');
    expect(request.received).toBe('data: one\n\ndata: two\n\n');
    expect(await stopped).toEqual({ brokenOff: 0 });
  });

  test('breaks off what has not ended in time, and tells an event stream why', async () => {
    await using upstream = await startUpstream(({ send }) => send(`${EVENTS}${chunk('data: one\n\n')}`));
    await using gateway = startGateway({ tls: TLS });
    using client = new Http2Client(gateway.url);
    const request = client.request(gateway.sign(`${upstream.origin}/`));
    await request.receive(/one/);
    expect(await gateway.stop({ drain: 50 })).toEqual({ brokenOff: 1 });
    expect(await request.finished()).toBe('reset');
    expect(request.received).toContain(
      'event: signway.error\ndata: {"type":"urn:signway:problem:shutting_down"',
    );
  });
});

describe('another certificate', () => {
  test('is what new connections see, and no stream that runs is lost', async () => {
    await using upstream = await startUpstream(({ send }) => send(`${EVENTS}${chunk('data: one\n\n')}`));
    await using gateway = startGateway({ tls: TLS });
    using client = new Http2Client(gateway.url);
    expect(await client.certificate).toContain('DNS:upstream.test');
    const request = client.request(gateway.sign(`${upstream.origin}/`));
    const connection = await upstream.next();
    await request.receive(/one/);

    gateway.renewTls(OTHER_TLS);
    await client.goAway;
    using later = new Http2Client(gateway.url, { checksName: false });
    expect(await later.certificate).toContain('DNS:other.test');
    const other = later.request(gateway.sign(`${upstream.origin}/`));
    const otherConnection = await upstream.next();
    connection.send(`${chunk('data: two\n\n')}0\r\n\r\n`);
    expect([await request.finished(), request.received]).toEqual(['whole', 'data: one\n\ndata: two\n\n']);

    gateway.renewTls(TLS);
    const stopped = gateway.stop({ drain: 10_000 });
    otherConnection.send(`${chunk('data: two\n\n')}0\r\n\r\n`);
    expect([await other.finished(), other.received]).toEqual(['whole', 'data: one\n\ndata: two\n\n']);
    expect(await stopped).toEqual({ brokenOff: 0 });
  });

  test.each([
    ['with a key that is not its own', { cert: TLS.cert, key: CA }],
    ['that is cut off', { cert: TLS.cert.slice(0, 200), key: TLS.key }],
  ])('%s is refused, and the old one stays', async (_, bad) => {
    await using gateway = startGateway({ tls: TLS });
    expect(() => gateway.renewTls(bad)).toThrow();
    using client = new Http2Client(gateway.url);
    expect(await client.certificate).toContain('DNS:upstream.test');
  });

  test('is for a gateway that listens for TLS', async () => {
    await using gateway = startGateway();
    expect(() => gateway.renewTls(TLS)).toThrow(TypeError);
  });
});

test('HTTP/1.1 is spoken with who speaks nothing newer, on the same port', async () => {
  await using upstream = await startUpstream(hi);
  await using gateway = startGateway({ tls: TLS });
  const answer = await fetch(gateway.sign(`${upstream.origin}/`), { tls: { ca: CA } });
  expect([answer.status, await answer.text()]).toEqual([200, 'hi']);
  for (const [offered, chosen] of [
    [['h2', 'http/1.1'], 'h2'],
    [['http/1.1'], 'http/1.1'],
  ] as const) {
    const { promise, resolve, reject } = Promise.withResolvers<string | false | null>();
    const socket = connect(
      { port: gateway.port, host: '127.0.0.1', ca: CA, ALPNProtocols: [...offered] },
      () => resolve(socket.alpnProtocol),
    );
    socket.on('error', reject);
    expect(await promise).toBe(chosen);
    socket.destroy();
  }
});

test('a port where another gateway listens for TLS is taken', async () => {
  await using gateway = startGateway({ tls: TLS });
  const second = createSignway({ apps: [] });
  expect(() => second.serve({ port: gateway.port, hostname: '127.0.0.1', tls: TLS })).toThrow(
    expect.objectContaining({ code: 'EADDRINUSE' }),
  );
});

test.skipIf(installed('h2load') === null)(
  'h2load gets every answer whole: 2,000 requests, 50 at a time on each of 4 connections',
  async () => {
    const body = 'x'.repeat(10_000);
    await using upstream = await startUpstream(({ send }) =>
      send(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`),
    );
    await using gateway = startGateway({ tls: TLS });
    const url = gateway.sign(`${upstream.origin}/`);
    const child = Bun.spawn([installed('h2load')!, '-n', '2000', '-c', '4', '-m', '50', url], {
      stdout: 'pipe',
      stderr: 'ignore',
    });
    const said = await new Response(child.stdout).text();
    expect(said).toContain('Application protocol: h2');
    expect(said).toContain('status codes: 2000 2xx, 0 3xx, 0 4xx, 0 5xx');
    expect(said).toContain(`(${2000 * body.length}) data`);
  },
  60_000,
);
