import { describe, expect, test } from 'bun:test';
import { type Front, startGateway, WIRE_FRONTS } from '../testing/gateway.ts';
import { askRaw, type RawAnswer } from '../testing/rawAnswer.ts';
import { startUpstream } from '../testing/scriptedUpstream.ts';

const KEY = 'sk-upstream-key-1234';

/** What a client gets when the upstream's head is this one. */
async function answerTo(
  front: Front,
  head: string,
  origin = 'https://page.test',
): Promise<RawAnswer & { raw: string }> {
  await using upstream = await startUpstream(({ send, socket }) => {
    send(`${head}Content-Length: 2\r\n\r\nhi`);
    socket.end();
  });
  await using gateway = startGateway({ front });
  const url = gateway.sign(`${upstream.origin}/v1/things`);
  const answer = await askRaw(
    gateway,
    `GET ${url.slice(url.indexOf('/?'))} HTTP/1.1\r\nHost: gw.test\r\nConnection: close\r\nOrigin: ${origin}\r\n\r\n`,
  );
  const raw = answer.headers.map(([name, value]) => `${name}: ${value}`).join('\n');
  return { ...answer, raw };
}

/** Set by the gateway on every answer, each once. */
const OURS = {
  'cache-control': 'private, no-store',
  'x-content-type-options': 'nosniff',
  'content-security-policy': "sandbox; default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'cross-origin',
  'access-control-allow-origin': '*',
  'access-control-expose-headers': '*',
};
const FRAMING = ['x-sw-request-id', 'date', 'connection', 'content-length', 'transfer-encoding'];

describe.each(WIRE_FRONTS)('front %s: what an upstream answers never reaches the page as', (front) => {
  test.each([
    [
      'words of another origin to a browser',
      [
        'Set-Cookie: a=b',
        'set-cookie: c=d',
        'Strict-Transport-Security: max-age=1',
        'Public-Key-Pins: x',
        'Public-Key-Pins-Report-Only: x',
        'Clear-Site-Data: "*"',
        'Alt-Svc: h3=":443"',
        'Refresh: 0; url=https://evil.test',
        'Service-Worker-Allowed: /',
        'Report-To: {}',
        'Reporting-Endpoints: a="https://evil.test"',
        'NEL: {}',
        'WWW-Authenticate: Basic realm="x"',
        'Proxy-Authenticate: Basic realm="x"',
      ],
    ],
    [
      'policies of its own',
      [
        'Content-Security-Policy: default-src *',
        'Content-Security-Policy-Report-Only: default-src *',
        'X-Content-Type-Options: no',
        'Referrer-Policy: unsafe-url',
        'Cross-Origin-Resource-Policy: same-origin',
        'Cache-Control: public, max-age=99',
      ],
    ],
    [
      'leave for other pages',
      [
        'Access-Control-Allow-Origin: https://evil.test',
        'Access-Control-Allow-Credentials: true',
        'Access-Control-Expose-Headers: x',
        'Access-Control-Max-Age: 9',
        'Access-Control-Allow-Private-Network: true',
      ],
    ],
    [
      'orders to a proxy in front',
      ['X-Accel-Redirect: /internal', 'X-Accel-Buffering: yes', 'X-Sendfile: /etc/passwd'],
    ],
    ['words of the gateway', ['X-Sw-Error: expired', 'X-Sw-Request-Id: mine', 'x-sw-anything: x']],
    ['hop-by-hop fields', ['Keep-Alive: timeout=5', 'Trailer: X-A', 'Upgrade: h2c', 'Proxy-Anything: x']],
    [
      'fields that its Connection names',
      ['Connection: X-One', 'X-One: 1', 'X-Two: 2', 'Connection: x-two, keep-alive'],
    ],
    [
      'the key',
      [
        `X-Echo: ${KEY}`,
        `X-Echo-2: Authorization=Bearer ${KEY}; more`,
        `Location: https://evil.test/?k=${KEY}`,
        `Server: ${KEY}/1.0`,
      ],
    ],
  ])('%s', async (_, fields) => {
    const { status, headers, raw } = await answerTo(front, `HTTP/1.1 200 OK\r\n${fields.join('\r\n')}\r\n`);
    expect(status).toBe(200);
    expect(raw).not.toContain(KEY);
    const ours = headers.filter(([name]) => !FRAMING.includes(name) && !invented(front, name));
    expect(ours.toSorted()).toEqual(Object.entries(OURS).toSorted());
  });

  test('the key, in its reason phrase', async () => {
    await using upstream = await startUpstream(({ send }) =>
      send(`HTTP/1.1 401 Bad key ${KEY}\r\nContent-Length: 0\r\n\r\n`),
    );
    await using gateway = startGateway({ front });
    const url = gateway.sign(`${upstream.origin}/`);
    const bytes = `GET ${url.slice(url.indexOf('/?'))} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`;
    const { status, line } = await askRaw(gateway, bytes);
    expect(status).toBe(401);
    expect(line).not.toContain(KEY);
  });

  test.each([
    ['a status of 101', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n'],
    ['a status of 999', 'HTTP/1.1 999 X\r\n'],
    ['a status of 600', 'HTTP/1.1 600 X\r\n'],
    ['a status of 0', 'HTTP/1.1 000 X\r\n'],
    ['no status', 'HTTP/1.1\r\n'],
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\n'],
    ['a length and chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n'],
    ['a bare LF in a field', 'HTTP/1.1 200 OK\r\nX: a\nSet-Cookie: b\r\n'],
    ['a bare CR in a field', 'HTTP/1.1 200 OK\r\nX: a\rSet-Cookie: b\r\n'],
    ['a NUL in a field', 'HTTP/1.1 200 OK\r\nX: a\0b\r\n'],
    ['a space before a colon', 'HTTP/1.1 200 OK\r\nSet-Cookie : b\r\n'],
    ['a field without a name', 'HTTP/1.1 200 OK\r\n: b\r\n'],
    ['a field of a megabyte', `HTTP/1.1 200 OK\r\nX: ${'y'.repeat(1_000_000)}\r\n`],
    ['ten thousand fields', `HTTP/1.1 200 OK\r\n${'X: y\r\n'.repeat(10_000)}`],
  ])('%s, which is upstream_invalid_response', async (_, head) => {
    const { status, code, raw } = await answerTo(front, head);
    expect([status, code]).toEqual([502, 'upstream_invalid_response']);
    expect(raw).not.toMatch(/set-cookie/i);
  });

  test('but every other field does, as it came', async () => {
    const fields = ['ETag: "x"', 'X-Request-Id: req_1', 'openai-processing-ms: 12', 'Retry-After: 3'];
    const { headers } = await answerTo(front, `HTTP/1.1 429 Too Many Requests\r\n${fields.join('\r\n')}\r\n`);
    for (const field of fields) {
      const [name, value] = field.split(': ') as [string, string];
      expect(headers).toContainEqual([name.toLowerCase(), value]);
    }
  });

  test.each([301, 302, 303, 307, 308])(
    'a redirect (%d) that is followed: it is handed back',
    async (code) => {
      await using inside = await startUpstream(({ send }) =>
        send('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\ninside'),
      );
      const { status, headers, text } = await answerTo(
        front,
        `HTTP/1.1 ${code} Moved\r\nLocation: ${inside.origin}/\r\n`,
      );
      expect([status, text]).toEqual([code, 'hi']);
      expect(headers).toContainEqual(['location', `${inside.origin}/`]);
      expect(inside.accepted).toBe(0);
    },
  );
});

/** Bun.serve adds a type to bytes that have none. */
function invented(front: Front, name: string): boolean {
  return front !== 'http1' && name === 'content-type';
}
