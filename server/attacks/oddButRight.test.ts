import { describe, expect, test } from 'bun:test';
import { WIRE_FRONTS } from '../testing/gateway.ts';
import { attack } from '../testing/wireAttack.ts';

const HEAD = 'Host: a\r\nConnection: close\r\n';
const get = (fields = '', target = '/?QUERY') => `GET ${target} HTTP/1.1\r\n${HEAD}${fields}\r\n`;
const post = (rest: string) => `POST /?QUERY HTTP/1.1\r\n${HEAD}${rest}`;
const chunks = (body: string, fields = '') => post(`Transfer-Encoding: chunked\r\n${fields}\r\n${body}`);

/** What looks odd and is right by RFC 9110 and 9112: a front that refuses attacks must not refuse these. */
const RIGHT: [name: string, bytes: string][] = [
  ['a value without a space before it', get('X:y\r\n')],
  ['a value between tabs', get('X:\ty\t\r\n')],
  ['an empty value', get('X:\r\n')],
  ['a value beyond ASCII', get('X: \xe9\xff\r\n')],
  ['every character that a name may hold', get("!#$%&'*+.^`|~0aZ-: y\r\n")],
  ['names in any case', `GET /?QUERY HTTP/1.1\r\nhOST: a\r\ncONNECTION: cLOSE\r\n\r\n`],
  ['an empty line before the request', `\r\n${get()}`],
  ['a Host with a port', `GET /?QUERY HTTP/1.1\r\nHost: a.test:8080\r\nConnection: close\r\n\r\n`],
  ['an IPv6 Host', `GET /?QUERY HTTP/1.1\r\nHost: [2001:db8::1]:80\r\nConnection: close\r\n\r\n`],
  ['a target in absolute form', get('', 'http://a/?QUERY')],
  ['a GET that says it has no body', get('Content-Length: 0\r\n')],
  ['a length with zeros before it', post('Content-Length: 005\r\n\r\nhello')],
  ['a length between spaces', post('Content-Length:   5  \r\n\r\nhello')],
  ['a length after a tab', post('Content-Length:\t5\r\n\r\nhello')],
  ['chunks', chunks('5\r\nhello\r\n0\r\n\r\n')],
  ['chunks in capitals', post('Transfer-Encoding: CHUNKED\r\n\r\n5\r\nhello\r\n0\r\n\r\n')],
  ['chunks after a tab', post('Transfer-Encoding:\tchunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n')],
  ['chunks of one byte', chunks('1\r\nh\r\n1\r\ne\r\n1\r\nl\r\n1\r\nl\r\n1\r\no\r\n0\r\n\r\n')],
  ['a chunk size with zeros before it', chunks('0005\r\nhello\r\n000\r\n\r\n')],
  ['chunk extensions', chunks('5;a=b;c="d e"\r\nhello\r\n0;f\r\n\r\n')],
  [
    'an upgrade to another protocol',
    get(
      'Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n',
    ).replace('close', 'close, Upgrade'),
  ],
  [
    'an upgrade to HTTP/2',
    get('Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n').replace(
      'close',
      'close, Upgrade, HTTP2-Settings',
    ),
  ],
];

describe.each(WIRE_FRONTS)('front %s: what is odd but right is served', (front) => {
  test.each(RIGHT)('%s', async (name, bytes) => {
    if (front !== 'http1' && BUN_REFUSES.has(name)) return;
    const outcome = await attack({ bytes, front, cargo: '', method: bytes.trimStart().split(' ')[0]! });
    expect([outcome.answers, outcome.reached]).toEqual([['served'], ['/signed']]);
    expect(outcome.forwarded).not.toMatch(/^(?:Upgrade|HTTP2-Settings|Sec-|TE|Connection|Trailer)/im);
    if (bytes.includes('POST')) expect(bodyOf(outcome.forwarded)).toBe('hello');
  });

  // Bun.serve answers trailers with 400, or with the answer and then 400, as the bytes happen to come.
  test.skipIf(front !== 'http1')('trailers, which end here', async () => {
    const bytes = chunks('5\r\nhello\r\n0\r\nX-Api-Key: evil\r\n\r\n', 'Trailer: X-Api-Key\r\n');
    const { reached, forwarded } = await attack({ bytes, front, cargo: '' });
    expect(reached).toEqual(['/signed']);
    expect(forwarded).not.toContain('evil');
  });

  test('an expectation of 100, which is met', async () => {
    const bytes = post('Expect: 100-continue\r\nContent-Length: 5\r\n\r\nhello');
    const outcome = await attack({ bytes, front, cargo: '' });
    expect([outcome.answers, outcome.reached]).toEqual([['served'], ['/signed']]);
    // A server need not say it to a client that has sent the body already (RFC 9110, section 10.1.1).
    expect(outcome.received).toMatch(/^(?:HTTP\/1\.1 100 Continue\r\n\r\n)?HTTP\/1\.1 200 /);
    expect(outcome.forwarded).not.toContain('Expect');
  });
});

const BUN_REFUSES = new Set(['an empty line before the request', 'chunk extensions']);

/** The body of the one request in what the upstream received. */
function bodyOf(forwarded: string): string {
  const at = forwarded.indexOf('\r\n\r\n');
  const body = forwarded.slice(at + 4);
  if (!/\r\nTransfer-Encoding: chunked\r\n/i.test(forwarded.slice(0, at + 2))) return body;
  return body.replace(/[0-9a-f]+\r\n([^\r]*)\r\n/g, '$1').trim();
}
