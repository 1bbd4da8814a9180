import { describe, expect, test } from 'bun:test';
import { APP, type Front, startGateway, WIRE_FRONTS } from '../testing/gateway.ts';
import { askRaw } from '../testing/rawAnswer.ts';
import { startUpstream } from '../testing/scriptedUpstream.ts';

const KEYS = [
  ['Authorization', 'Bearer sk-canary-1'],
  ['X-Api-Key', 'sk-canary-2'],
] as const;

/** The lines that an upstream gets when a client sends these, without the request line and the `Host`. */
async function linesUpstream(front: Front, fields: readonly string[]): Promise<string[]> {
  await using upstream = await startUpstream(({ send }) =>
    send('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'),
  );
  await using gateway = startGateway({
    front,
    apps: [{ id: APP.id, secrets: [APP.secret], upstreams: [{ origin: upstream.origin, headers: KEYS }] }],
  });
  const url = gateway.sign(`${upstream.origin}/`);
  const lines = ['Host: gw.test', 'Connection: close', ...fields].map((field) => `${field}\r\n`).join('');
  const { status } = await askRaw(gateway, `GET ${url.slice(url.indexOf('/?'))} HTTP/1.1\r\n${lines}\r\n`);
  expect(status).toBe(200);
  const { received } = await upstream.next();
  const [requestLine, host, ...rest] = received.slice(0, received.indexOf('\r\n\r\n')).split('\r\n');
  expect(requestLine).toBe('GET / HTTP/1.1');
  expect(host).toBe(`Host: 127.0.0.1:${upstream.port}`);
  return rest;
}

const INJECTED = KEYS.map(([name, value]) => `${name}: ${value}`);

describe.each(WIRE_FRONTS)('front %s: what a client sends never reaches the upstream as', (front) => {
  test.each([
    [
      'credentials of its own',
      ['Authorization: Bearer mine', 'AUTHORIZATION: x', 'X-Api-Key: mine', 'x-api-key: m'],
    ],
    ['credentials with an underscore', ['X_Api_Key: mine', 'Authorization_: x', '_Authorization: x']],
    ['cookies', ['Cookie: a=b', 'cookie: c=d']],
    [
      'hop-by-hop fields',
      [
        'Keep-Alive: timeout=5',
        'TE: trailers',
        'Trailer: X-A',
        'Upgrade: h2c',
        'HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA',
        'Proxy-Authorization: Basic eA==',
        'Proxy-Connection: keep-alive',
        'Proxy-Anything: x',
      ],
    ],
    [
      'who speaks for whom',
      [
        'Forwarded: for=10.0.0.1',
        'X-Forwarded-For: 10.0.0.1',
        'X-Forwarded-Host: evil.test',
        'X-Forwarded-Proto: https',
        'X-Forwarded-Anything: x',
        'X-Real-IP: 10.0.0.1',
        'True-Client-IP: 10.0.0.1',
        'CF-Connecting-IP: 10.0.0.1',
        'Via: 1.1 evil',
      ],
    ],
    [
      'another request',
      [
        'X-Original-URL: /admin',
        'X-Rewrite-URL: /admin',
        'X-HTTP-Method-Override: DELETE',
        'X-HTTP-Method: DELETE',
        'X-Method-Override: DELETE',
      ],
    ],
    [
      'the signed URL or the page',
      [
        'Referer: http://gw.test/?X-Sw-Signature=x',
        'Origin: https://page.test',
        'Sec-Fetch-Mode: cors',
        'Sec-CH-UA: x',
        'Access-Control-Request-Headers: x',
      ],
    ],
    ['words of the gateway', ['X-Sw-Error: x', 'X-Sw-Request-Id: x', 'x-sw-anything: x']],
  ])('%s', async (_, fields) => {
    expect(await linesUpstream(front, fields)).toEqual(INJECTED);
  });

  test.each([
    ['the injected ones', ['Connection: authorization, X-Api-Key']],
    ['the injected ones, in lines of their own', ['Connection: authorization', 'Connection: x-api-key']],
    ['the Host', ['Connection: host']],
    ['what frames the request', ['Connection: content-length, transfer-encoding']],
  ])('a Connection that names %s, which changes nothing', async (_, fields) => {
    expect(await linesUpstream(front, fields)).toEqual(INJECTED);
  });

  test('a field that its Connection names, in whichever line', async () => {
    const fields = [
      'Connection: X-One',
      'X-One: 1',
      'X-Two: 2',
      'X-Three: 3',
      'Connection: keep-alive ,x-TWO',
    ];
    expect(await linesUpstream(front, fields)).toEqual(['X-Three: 3', ...INJECTED]);
  });

  test('a second header through a value', async () => {
    const lines = await linesUpstream(front, ['X-A: 1%0D%0AX-Api-Key: mine', 'X-B: \u0085x', 'X-C: \xff']);
    expect(lines.filter((line) => /^x-api-key/i.test(line))).toEqual(['X-Api-Key: sk-canary-2']);
    expect(lines).toHaveLength(5);
  });

  test('but every other field passes', async () => {
    const fields = ['Accept: */*', 'OpenAI-Organization: org', 'Idempotency-Key: 1', 'Range: bytes=0-1'];
    const lines = await linesUpstream(front, fields);
    expect(lines.map((line) => line.toLowerCase()).toSorted()).toEqual(
      [...fields, ...INJECTED].map((line) => line.toLowerCase()).toSorted(),
    );
  });
});
