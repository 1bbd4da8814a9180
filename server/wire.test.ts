import { describe, expect, test } from 'bun:test';
import { startGateway } from './testing/gateway.ts';
import { RawClient } from './testing/rawClient.ts';
import { startUpstream } from './testing/scriptedUpstream.ts';

/** Sends raw bytes in which `QUERY` stands for the query of a URL that is signed for `method`. */
async function send(
  request: string,
  method = 'GET',
  options = {},
): Promise<{ answer: string; accepted: number }> {
  await using upstream = await startUpstream(({ send }) =>
    send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi'),
  );
  await using gateway = startGateway(options);
  const url = gateway.sign(`${upstream.origin}/`, { method });
  using client = new RawClient(gateway);
  client.send(request.replace('QUERY', url.slice(url.indexOf('?') + 1)));
  const answer = await client.receive(/\r\n\r\n./s);
  return { answer, accepted: upstream.accepted };
}

describe('what no two servers read alike is bad_request', () => {
  test.each([
    ['two Host headers', 'GET /?QUERY HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n'],
    ['an empty Host', 'GET /?QUERY HTTP/1.1\r\nHost: \r\n\r\n'],
    ['a Host with a space', 'GET /?QUERY HTTP/1.1\r\nHost: a b\r\n\r\n'],
    ['a Host with a path', 'GET /?QUERY HTTP/1.1\r\nHost: a/b\r\n\r\n'],
    ['a Host with user info', 'GET /?QUERY HTTP/1.1\r\nHost: x@a\r\n\r\n'],
    ['HTTP/1.0 without a Host', 'GET /?QUERY HTTP/1.0\r\n\r\n'],
    ['a GET with a body', 'GET /?QUERY HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc'],
    ['a GET with chunks', 'GET /?QUERY HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
  ])('%s', async (_, request) => {
    const { answer, accepted } = await send(request);
    expect(answer).toStartWith('HTTP/1.1 400 ');
    expect(answer).toContain('\r\nX-Sw-Error: bad_request\r\n');
    expect(accepted).toBe(0);
  });

  test('but a GET that says it has no body passes', async () => {
    const { answer } = await send('GET /?QUERY HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n');
    expect(answer).toStartWith('HTTP/1.1 200 ');
  });
});

describe('what is not addressed to the gateway', () => {
  test.each([
    ['GET /other?QUERY HTTP/1.1', 404, 'not_found'],
    ['GET //?QUERY HTTP/1.1', 404, 'not_found'],
    ['GET /s/token?QUERY HTTP/1.1', 404, 'not_found'],
    ['TRACE /?QUERY HTTP/1.1', 405, 'method_not_allowed'],
    ['CONNECT a.test:443 HTTP/1.1', 405, 'method_not_allowed'],
  ])('%s is %d', async (line, status, code) => {
    const { answer, accepted } = await send(`${line}\r\nHost: a\r\n\r\n`);
    expect(answer).toStartWith(`HTTP/1.1 ${status} `);
    expect(answer).toContain(`\r\nX-Sw-Error: ${code}\r\n`);
    if (status === 405)
      expect(answer).toContain('\r\nAllow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n');
    expect(accepted).toBe(0);
  });

  test.each(['/./', '/x/..', '/%2e/'])('but %s is /, as every URL parser resolves it', async (path) => {
    const { answer } = await send(`GET ${path}?QUERY HTTP/1.1\r\nHost: a\r\n\r\n`);
    expect(answer).toStartWith('HTTP/1.1 200 ');
  });
});

describe('a URL', () => {
  test('of the longest length passes, one longer is url_too_long', async () => {
    const limits = { maxUrlLength: 2000 };
    const padded = async (length: number) => {
      const start = 'http://a/?';
      const query = (await probeLength('GET')) + '&x='.length;
      return send(
        `GET /?QUERY&x=${'y'.repeat(length - start.length - query)} HTTP/1.1\r\nHost: a\r\n\r\n`,
        'GET',
        { limits },
      );
    };
    expect((await padded(1999)).answer).toMatch(/^HTTP\/1\.1 200 /);
    expect((await padded(2020)).answer).toContain('X-Sw-Error: url_too_long');
  });
});

describe('a body', () => {
  const limits = { maxBody: 10, maxSignedBody: 5 };

  test('of the largest length passes, a declared byte more is body_too_large', async () => {
    const post = (length: number) =>
      send(
        `POST /?QUERY HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n\r\n${'x'.repeat(length)}`,
        'POST',
        { limits },
      );
    expect((await post(10)).answer).toStartWith('HTTP/1.1 200 ');
    const { answer, accepted } = await post(11);
    expect(answer).toStartWith('HTTP/1.1 413 ');
    expect(accepted).toBe(0);
  });

  test('that is signed has a limit of its own', async () => {
    await using upstream = await startUpstream(({ send }) =>
      send('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'),
    );
    await using gateway = startGateway({ limits });
    const post = (body: string) =>
      fetch(gateway.sign(`${upstream.origin}/`, { method: 'POST', body }), { method: 'POST', body });
    expect((await post('12345')).status).toBe(200);
    const refused = await post('123456');
    expect(refused.status).toBe(413);
    expect(refused.headers.get('x-sw-error')).toBe('body_too_large');
  });

  test('that is signed and does not arrive is request_timeout', async () => {
    await using gateway = startGateway({ limits: { bodyTimeout: 80 } });
    const url = gateway.sign('http://127.0.0.1:9/', { method: 'POST', body: 'abc' });
    using client = new RawClient(gateway);
    client.send(`POST ${url.slice(url.indexOf('/?'))} HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\na`);
    const answer = await client.receive(/\r\n\r\n./s);
    expect(answer).toStartWith('HTTP/1.1 408 ');
    expect(answer).toContain('X-Sw-Error: request_timeout');
  });
});

test.each(['/healthz', '/readyz'])('%s answers 200 while the gateway runs', async (path) => {
  await using gateway = startGateway();
  expect((await fetch(new URL(path, gateway.url))).status).toBe(200);
});

/** The length of a signed query for an upstream on a five-digit port. */
async function probeLength(method: string): Promise<number> {
  await using gateway = startGateway();
  const url = gateway.sign('http://127.0.0.1:12345/', { method });
  return url.length - url.indexOf('?') - 1;
}
