import { describe, expect, test } from 'bun:test';
import { networkInterfaces } from 'node:os';
import { createSignway } from '../../createSignway.ts';
import { startGateway, type TestGateway } from '../../testing/gateway.ts';
import { RawClient, rawRequest } from '../../testing/rawClient.ts';
import { type ScriptedUpstream, startUpstream } from '../../testing/scriptedUpstream.ts';

const HI = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi';
const answersHi = () => startUpstream(({ send }) => send(HI));

function target(gateway: TestGateway, upstream: ScriptedUpstream, method = 'GET'): string {
  const url = gateway.sign(`${upstream.origin}/`, { method });
  return url.slice(url.indexOf('/?'));
}

const answers = (received: string) => received.match(/HTTP\/1\.1 \d{3} /g)?.length ?? 0;

describe('a connection', () => {
  test('carries one request after the other', async () => {
    await using upstream = await answersHi();
    await using gateway = startGateway();
    using client = new RawClient(gateway);
    for (let count = 1; count <= 3; count++) {
      client.send(`GET ${target(gateway, upstream)} HTTP/1.1\r\nHost: a\r\n\r\n`);
      await client.receive(({ received }) => received.split('\r\n\r\nhi').length > count);
    }
    expect(client.ended).toBe('open');
    expect(client.received).not.toContain('Connection: close');
  });

  test('answers requests that come together in their order, however the first ones end', async () => {
    await using upstream = await answersHi();
    await using gateway = startGateway();
    using client = new RawClient(gateway);
    const signed = target(gateway, upstream);
    client.send(
      `GET /healthz HTTP/1.1\r\nHost: a\r\n\r\nGET ${signed} HTTP/1.1\r\nHost: a\r\n\r\n` +
        `GET /nothing HTTP/1.1\r\nHost: a\r\n\r\nGET ${signed} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`,
    );
    const received = await client.finished();
    expect(received.match(/HTTP\/1\.1 \d{3} /g)).toEqual([
      'HTTP/1.1 200 ',
      'HTTP/1.1 200 ',
      'HTTP/1.1 404 ',
      'HTTP/1.1 200 ',
    ]);
    expect(received).toEndWith('\r\n\r\nhi');
  });

  test('takes ten thousand requests in one piece', async () => {
    await using gateway = startGateway();
    using client = new RawClient(gateway);
    const request = 'GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n';
    const { length } = await client.send(request).receive(/alive\n$/);
    client.send(request.repeat(9_999));
    // Counted once they are all there: counting with each piece that comes would take longer than answering.
    expect(answers(await client.receive(({ received }) => received.length >= length * 10_000))).toBe(10_000);
  }, 30_000);

  test('reads a request in any split', async () => {
    await using upstream = await startUpstream();
    await using gateway = startGateway();
    const request =
      `POST ${target(gateway, upstream, 'POST')} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n` +
      '3\r\nabc\r\n0\r\n\r\n';
    for (let cut = 1; cut < request.length; cut += 7) {
      using client = new RawClient(gateway);
      client.send(request.slice(0, cut));
      // The answer to another client says that the first part has been read.
      await fetch(new URL('/healthz', gateway.url));
      client.send(request.slice(cut));
      const connection = await upstream.next();
      expect(await connection.receive(/\r\n0\r\n\r\n/)).toContain('\r\n\r\n3\r\nabc\r\n0\r\n\r\n');
      connection.send(`${HI.replace('200 OK', '200 OK\r\nConnection: close')}`);
      expect(await client.receive(/hi$/)).toStartWith('HTTP/1.1 200 OK\r\n');
      connection.socket.end();
    }
  });

  test.each(['HTTP/1.0', 'HTTP/1.0\r\nConnection: keep-alive'])(
    'ends after a request of %j',
    async (version) => {
      await using upstream = await answersHi();
      await using gateway = startGateway();
      using client = new RawClient(gateway);
      client.send(`GET ${target(gateway, upstream)} ${version}\r\nHost: a\r\n\r\n`);
      const received = await client.finished();
      expect(received).toContain('\r\nConnection: close\r\n');
      expect(received).toEndWith('\r\n\r\nhi');
      expect(client.ended).toBe('closed');
    },
  );

  test('gives HTTP/1.0 a stream without chunks, and a reset where it breaks off', async () => {
    await using upstream = await startUpstream();
    await using gateway = startGateway();
    for (const broken of [false, true]) {
      using client = new RawClient(gateway);
      client.send(`GET ${target(gateway, upstream)} HTTP/1.0\r\nHost: a\r\n\r\n`);
      const connection = await upstream.next();
      connection.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n');
      await client.receive(/\r\n\r\nhello$/);
      // A chunk that comes alone is not handed on as it came.
      connection.send('6\r\n world\r\n');
      await client.receive(/\r\n\r\nhello world$/);
      if (broken) connection.socket.destroy();
      else connection.send('0\r\n\r\n');
      expect(await client.finished()).not.toContain('Transfer-Encoding');
      expect(client.ended).toBe(broken ? 'reset' : 'closed');
    }
  });
});

describe('an answer', () => {
  test('keeps its reason phrase, its header lines and the length of a body that is streamed', async () => {
    await using upstream = await startUpstream();
    await using gateway = startGateway();
    using client = new RawClient(gateway);
    client.send(rawRequest(gateway.sign(`${upstream.origin}/`)));
    const connection = await upstream.next();
    connection.send('HTTP/1.1 200 Fine By Me\r\nX-A: 1\r\nX-A: 2\r\nContent-Length: 10\r\n\r\nfirst');
    const head = await client.receive(/\r\n\r\nfirst$/);
    expect(head).toStartWith('HTTP/1.1 200 Fine By Me\r\n');
    expect(head).toContain('\r\nX-A: 1\r\nX-A: 2\r\n');
    expect(head).toContain('\r\nContent-Length: 10\r\n');
    connection.send('after');
    expect(await client.receive(/after$/)).toEndWith('\r\n\r\nfirstafter');
  });

  test('hands a chunk that comes alone on as it came, and counts the bytes that are its own', async () => {
    await using upstream = await startUpstream();
    await using gateway = startGateway();
    using client = new RawClient(gateway);
    client.send(rawRequest(gateway.sign(`${upstream.origin}/`)));
    const connection = await upstream.next();
    connection.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
    await client.receive(/\r\n\r\n$/);
    connection.send('00A\r\n0123456789\r\n');
    await client.receive(/\r\n\r\n00A\r\n0123456789\r\n$/);
    connection.send('1;extension\r\na\r\n');
    await client.receive(/9\r\n1\r\na\r\n$/);
    connection.send('0\r\n\r\n');
    expect(await client.receive(/0\r\n\r\n$/)).toEndWith('\r\n\r\n00A\r\n0123456789\r\n1\r\na\r\n0\r\n\r\n');
    expect(gateway.records).toMatchObject([{ ending: 'complete', bytesOut: 11 }]);
  });

  test('that begins before the upload has ended closes the connection after it', async () => {
    await using upstream = await startUpstream();
    await using gateway = startGateway();
    using client = new RawClient(gateway);
    const url = target(gateway, upstream, 'POST');
    client.send(`POST ${url} HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\npart`);
    const connection = await upstream.next();
    await connection.receive(/part/);
    connection.send('HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n');
    const received = await client.finished();
    expect(received).toStartWith('HTTP/1.1 413 Too Large\r\n');
    expect(received).toContain('\r\nConnection: close\r\n');
    expect(client.ended).toBe('closed');
  });

  test('reaches a client that is still sending what was refused', async () => {
    await using gateway = startGateway({ limits: { maxBody: 10 } });
    using client = new RawClient(gateway);
    const url = gateway.sign('http://127.0.0.1:9/', { method: 'POST' });
    client.send(
      rawRequest(url, {
        method: 'POST',
        headers: { 'Content-Length': '4000000' },
        body: 'x'.repeat(4_000_000),
      }),
    );
    const received = await client.finished();
    expect(received).toContain('\r\nX-Sw-Error: body_too_large\r\n');
    expect(answers(received)).toBe(1);
    expect(client.ended).toBe('closed');
  });
});

test('a request that has been read when the gateway begins to stop is answered', async () => {
  await using gateway = startGateway();
  using client = new RawClient(gateway);
  const request = 'GET /readyz HTTP/1.1\r\nHost: a\r\n\r\n';
  const { length } = await client.send(request).receive(/ready\n$/);
  // Both come in one turn, the request first.
  const { promise: stopped, resolve } = Promise.withResolvers<unknown>();
  using listener = Bun.listen({
    hostname: '127.0.0.1',
    port: 0,
    socket: {
      open: (socket) => void socket.write('.'),
      data: () => resolve(gateway.stop({ drain: 60_000 })),
    },
  });
  using signal = new RawClient(listener.port);
  await signal.receive(/\./);
  client.send(request);
  signal.send('.');
  await stopped;
  expect((await client.finished()).slice(length)).toStartWith('HTTP/1.1 503 ');
});

test('a request whose head was on its way when the gateway began to stop is told so', async () => {
  await using upstream = await startUpstream();
  const gateway = startGateway();
  using client = new RawClient(gateway);
  const request = `GET ${target(gateway, upstream)} HTTP/1.1\r\nHost: a\r\n\r\n`;
  client.send(request.slice(0, 100));
  // The answer to another client says that the first part has been read.
  await fetch(new URL('/healthz', gateway.url));
  const stopped = gateway.stop({ drain: 60_000 });
  client.send(request.slice(100));
  const received = await client.finished();
  expect(received).toContain('\r\nX-Sw-Error: shutting_down\r\n');
  expect(received).toContain('\r\nConnection: close\r\n');
  expect(await stopped).toEqual({ brokenOff: 0 });
  expect(upstream.accepted).toBe(0);
});

describe('100 Continue', () => {
  const head = (url: string, length = 3) =>
    `POST ${url} HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: ${length}\r\n\r\n`;

  test('is said when the body is wanted', async () => {
    await using upstream = await startUpstream();
    await using gateway = startGateway();
    using client = new RawClient(gateway);
    client.send(head(target(gateway, upstream, 'POST')));
    expect(await client.receive(/\r\n\r\n/)).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    client.send('abc');
    const connection = await upstream.next();
    expect(await connection.receive(/abc$/)).not.toContain('Expect');
    connection.send(HI);
    expect(await client.receive(/hi$/)).toContain('HTTP/1.1 200 OK\r\n');
  });

  test('is not said where the request is refused', async () => {
    await using gateway = startGateway({ limits: { maxBody: 2 } });
    using client = new RawClient(gateway);
    const url = gateway.sign('http://127.0.0.1:9/', { method: 'POST' });
    client.send(head(url.slice(url.indexOf('/?'))));
    expect(await client.finished()).toStartWith('HTTP/1.1 413 ');
  });

  test('is not said to HTTP/1.0, which does not know it', async () => {
    await using upstream = await startUpstream();
    await using gateway = startGateway();
    using client = new RawClient(gateway);
    client.send(head(target(gateway, upstream, 'POST')).replace('HTTP/1.1', 'HTTP/1.0'));
    const connection = await upstream.next();
    client.send('abc');
    await connection.receive(/abc$/);
    connection.send(HI);
    expect(await client.finished()).toStartWith('HTTP/1.1 200 ');
  });
});

describe('what cannot be read', () => {
  const HOST = 'Host: a\r\n';
  test.each([
    ['no request line', 'hello\r\n\r\n'],
    ['two empty lines first', '\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['two spaces', `GET  / HTTP/1.1\r\n${HOST}\r\n`],
    ['a tab for a space', `GET\t/ HTTP/1.1\r\n${HOST}\r\n`],
    ['a space in the target', `GET /a b HTTP/1.1\r\n${HOST}\r\n`],
    ['a fragment', `GET /#x HTTP/1.1\r\n${HOST}\r\n`],
    ['a backslash', `GET /\\x HTTP/1.1\r\n${HOST}\r\n`],
    ['a byte above 0x7E in the target', `GET /?\xe9 HTTP/1.1\r\n${HOST}\r\n`],
    ['a target without a slash', `GET x HTTP/1.1\r\n${HOST}\r\n`],
    ['a target for another host', `GET http://b/ HTTP/1.1\r\n${HOST}\r\n`],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['HTTP/0.9', 'GET /\r\n\r\n'],
    ['a method that is no token', `GE(T / HTTP/1.1\r\n${HOST}\r\n`],
    ['a method in lower case', `get / HTTP/1.1\r\n${HOST}\r\n`],
    ['the method *', `* / HTTP/1.1\r\n${HOST}\r\n`],
    ['no Host', 'GET / HTTP/1.1\r\n\r\n'],
    ['a folded line', `GET / HTTP/1.1\r\n${HOST}X: a\r\n b\r\n\r\n`],
    ['a space before the colon', `GET / HTTP/1.1\r\n${HOST}X : a\r\n\r\n`],
    ['a bare LF', `GET / HTTP/1.1\n${HOST}\r\n`],
    ['a bare CR', `GET / HTTP/1.1\r\n${HOST}X: a\rb\r\n\r\n`],
    ['NUL', `GET / HTTP/1.1\r\n${HOST}X: a\0b\r\n\r\n`],
    [
      'a length with chunks',
      `POST / HTTP/1.1\r\n${HOST}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n`,
    ],
    ['two lengths', `POST / HTTP/1.1\r\n${HOST}Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc`],
    ['a list of lengths', `POST / HTTP/1.1\r\n${HOST}Content-Length: 3, 3\r\n\r\nabc`],
    ['a signed length', `POST / HTTP/1.1\r\n${HOST}Content-Length: +3\r\n\r\nabc`],
    ['another coding', `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`],
    [
      'two codings',
      `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n`,
    ],
    ['chunks in HTTP/1.0', `POST / HTTP/1.0\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
  ])('%s is bad_request, and ends the connection', async (_, request) => {
    await using gateway = startGateway();
    using client = new RawClient(gateway);
    const smuggled = 'GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n';
    client.send(request + smuggled);
    const received = await client.finished();
    expect(received).toStartWith('HTTP/1.1 400 Bad Request\r\n');
    expect(received).toContain('\r\nX-Sw-Error: bad_request\r\n');
    expect(received).toContain('\r\nConnection: close\r\n');
    expect(answers(received)).toBe(1);
    expect(client.ended).toBe('closed');
    expect(gateway.records).toMatchObject([{ status: 400, code: 'bad_request', ending: 'refused' }]);
  });

  test('a bad chunk is bad_request, and breaks the upload off', async () => {
    await using upstream = await startUpstream();
    await using gateway = startGateway();
    using client = new RawClient(gateway);
    client.send(
      `POST ${target(gateway, upstream, 'POST')} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n`,
    );
    const connection = await upstream.next();
    await connection.receive(/abc/);
    client.send('zz\r\n');
    await connection.gone;
    expect(connection.received).not.toEndWith('0\r\n\r\n');
    expect(await client.finished()).toContain('\r\nX-Sw-Error: bad_request\r\n');
  });

  test('but the target that names the host asked is one', async () => {
    await using upstream = await answersHi();
    await using gateway = startGateway();
    using client = new RawClient(gateway);
    client.send(`GET http://A:1${target(gateway, upstream)} HTTP/1.1\r\nHost: a:1\r\n\r\n`);
    expect(await client.receive(/hi$/)).toStartWith('HTTP/1.1 200 ');
  });
});

describe('limits', () => {
  const ask = async (limits: object, request: string) => {
    await using gateway = startGateway({ limits });
    using client = new RawClient(gateway);
    client.send(request);
    return await client.receive(/\r\n\r\n/);
  };
  const withUrl = (length: number) => `GET /${'x'.repeat(length - 1)} HTTP/1.1\r\nHost: a\r\n\r\n`;
  const withHeaders = (bytes: number) => {
    const rest = 'Host: a\r\nX: \r\n\r\n'.length;
    return `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(bytes - rest)}\r\n\r\n`;
  };
  const withLines = (count: number) => `GET / HTTP/1.1\r\nHost: a\r\n${'X: y\r\n'.repeat(count - 1)}\r\n`;

  test.each([
    ['a URL', { maxUrlLength: 500 }, withUrl, 500, 'url_too_long'],
    ['headers', { maxHeaderBytes: 500 }, withHeaders, 500, 'headers_too_large'],
    ['header lines', {}, withLines, 100, 'headers_too_large'],
  ])('%s of exactly the limit pass, one more does not', async (_, limits, make, limit, code) => {
    expect(await ask(limits, make(limit))).not.toContain(code);
    expect(await ask(limits, make(limit + 1))).toContain(`\r\nX-Sw-Error: ${code}\r\n`);
  });

  test.each([
    ['a URL without end', `GET /${'x'.repeat(200_000)}`, 'url_too_long'],
    ['a header without end', `GET / HTTP/1.1\r\nX: ${'x'.repeat(200_000)}`, 'headers_too_large'],
  ])('%s is refused before it ends', async (_, request, code) => {
    expect(await ask({}, request)).toContain(`\r\nX-Sw-Error: ${code}\r\n`);
  });

  test('a head that does not arrive in time is request_timeout, and a silent connection just ends', async () => {
    await using gateway = startGateway({ limits: { headerTimeout: 60 } });
    using dribbling = new RawClient(gateway).send('GET / HTTP/1.1\r\n');
    using silent = new RawClient(gateway);
    expect(await dribbling.finished()).toContain('\r\nX-Sw-Error: request_timeout\r\n');
    expect(await silent.finished()).toBe('');
  });

  test('a connection that is not used again ends', async () => {
    await using gateway = startGateway({ limits: { keepAliveTimeout: 60 } });
    using client = new RawClient(gateway).send('GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n');
    expect(answers(await client.finished())).toBe(1);
  });

  test('a body that falls silent on its way to the upstream is request_timeout', async () => {
    await using upstream = await startUpstream();
    await using gateway = startGateway({ limits: { bodySilenceTimeout: 60 } });
    using client = new RawClient(gateway);
    client.send(
      `POST ${target(gateway, upstream, 'POST')} HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc`,
    );
    expect(await client.finished()).toContain('\r\nX-Sw-Error: request_timeout\r\n');
    await (await upstream.next()).gone;
  });

  test('a body in chunks that grows too large is body_too_large, and ends the request to the upstream', async () => {
    await using upstream = await startUpstream();
    await using gateway = startGateway({ limits: { maxBody: 5 } });
    using client = new RawClient(gateway);
    client.send(
      `POST ${target(gateway, upstream, 'POST')} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n`,
    );
    const connection = await upstream.next();
    await connection.receive(/abcde/);
    client.send('1\r\nf\r\n');
    expect(await client.finished()).toContain('\r\nX-Sw-Error: body_too_large\r\n');
    await connection.gone;
    expect(connection.received).not.toContain('\r\nf\r\n');
  });

  test('a client that takes nothing of its answer is left', async () => {
    await using upstream = await startUpstream(({ socket, send }) => {
      send(`HTTP/1.1 200 OK\r\nContent-Length: ${1e9}\r\n\r\n`);
      const block = Buffer.alloc(65_536);
      const fill = () => {
        while (socket.writable && socket.write(block));
      };
      socket.on('drain', fill);
      fill();
    });
    await using gateway = startGateway({ limits: { sendTimeout: 100 } });
    const record = gateway.nextRecord();
    using client = new RawClient(gateway);
    client.send(rawRequest(gateway.sign(`${upstream.origin}/`)));
    await client.receive(/\r\n\r\n/);
    client.pause();
    expect(await record).toMatchObject({ ending: 'client_gone' });
    await (await upstream.next()).gone;
  });
});

const hasIPv6 = Object.values(networkInterfaces()).some((each) =>
  each?.some(({ address }) => address === '::1'),
);

test.skipIf(!hasIPv6)('listens on one address of IPv6', async () => {
  const running = createSignway({ apps: [] }).serve({ port: 0, hostname: '::1' });
  expect(running.url.href).toBe(`http://[::1]:${running.port}/`);
  expect(await (await fetch(new URL('/healthz', running.url))).text()).toBe('alive\n');
  await running.stop();
});

test('listens on every address', async () => {
  for (const hostname of [undefined, '::', '0.0.0.0']) {
    const running = createSignway({ apps: [] }).serve({ port: 0, ...(hostname && { hostname }) });
    expect((await fetch(`http://127.0.0.1:${running.port}/healthz`)).status).toBe(200);
    await running.stop();
  }
});
