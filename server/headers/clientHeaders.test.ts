import { describe, expect, test } from 'bun:test';
import { fieldLines } from '../clientAnswer.ts';
import type { HeaderPairs, ReceivedLines } from '../transport/transport.ts';
import { type ClientHeadersOptions, createClientHeaders, PROTECTION, secretsOf } from './clientHeaders.ts';

const make = createClientHeaders();

/** What passes, as pairs and as lines, whether the transport has the lines as they were received or not. */
function clientHeaders(headers: HeaderPairs, options: ClientHeadersOptions): Headers {
  const passed = make({ headers }, options);
  expect(passed.lines).toBe(fieldLines(passed.pairs).lines);
  expect(make({ headers, lines: receivedLines(headers) }, options)).toEqual(passed);
  return new Headers(passed.pairs as [string, string][]);
}

function receivedLines(headers: HeaderPairs): ReceivedLines {
  let text = 'HTTP/1.1 200 OK\r\n';
  const starts = [text.length];
  for (const pair of headers) {
    text += fieldLines([pair]).lines;
    starts.push(text.length);
  }
  return { text: `${text}\r\n`, starts };
}
const upstream = new URL('https://api.test/v1/things?x=1');
const names = (headers: Headers) => [...headers.keys()];

describe("the headers of the client's answer", () => {
  test.each([
    ...['Connection', 'Keep-Alive', 'Proxy-Authenticate', 'TE', 'Trailer', 'Transfer-Encoding', 'Upgrade'],
    ...['Content-Length', 'Set-Cookie', 'Access-Control-Allow-Origin', 'Access-Control-Allow-Credentials'],
    ...['Strict-Transport-Security', 'Public-Key-Pins', 'Clear-Site-Data', 'Alt-Svc', 'Refresh', 'Report-To'],
    ...['Service-Worker-Allowed', 'Reporting-Endpoints', 'NEL', 'Content-Security-Policy-Report-Only'],
    ...['X-Accel-Redirect', 'X-Accel-Buffering', 'X-Accel-Expires', 'X-Sendfile', 'X-LIGHTTPD-send-file'],
    ...['WWW-Authenticate', 'X-Sw-Error', 'X-Sw-Request-Id'],
  ])('never hold %s of an upstream', (name) => {
    expect(names(clientHeaders([[name, '1']], { upstream, secrets: [] }))).toEqual([]);
  });

  test('hold the rest, several lines of one name in their order', () => {
    const headers = clientHeaders(
      [
        ['ETag', '"x"'],
        ['X-A', '1'],
        ['x-a', '2'],
        ['X-Request-Id', 'req_1'],
      ],
      { upstream, secrets: [] },
    );
    expect(headers.get('etag')).toBe('"x"');
    expect(headers.get('x-a')).toBe('1, 2');
    expect(headers.get('x-request-id')).toBe('req_1');
  });

  test("leave the gateway's protection to the gateway", () => {
    const received: [string, string][] = [
      ['Cache-Control', 'public, max-age=60'],
      ['Content-Security-Policy', "default-src 'self'"],
      ['Referrer-Policy', 'unsafe-url'],
    ];
    expect(names(clientHeaders(received, { upstream, secrets: [] }))).toEqual([]);
    expect(Object.fromEntries(PROTECTION)).toEqual({
      'Cache-Control': 'private, no-store',
      'X-Content-Type-Options': 'nosniff',
      'Content-Security-Policy': "sandbox; default-src 'none'; frame-ancestors 'none'",
      'Referrer-Policy': 'no-referrer',
      'Cross-Origin-Resource-Policy': 'cross-origin',
    });
  });

  test.each([
    ['/login', 'https://api.test/login'],
    ['?page=2', 'https://api.test/v1/things?page=2'],
    ['//other.test/x', 'https://other.test/x'],
    ['https://other.test/', 'https://other.test/'],
    ['http://[bad', 'http://[bad'],
  ])('hold the Location %s as %s', (location, absolute) => {
    expect(clientHeaders([['Location', location]], { upstream, secrets: [] }).get('location')).toBe(absolute);
  });

  test('never hold what the Connection of an upstream lists', () => {
    const received: [string, string][] = [
      ['Connection', 'close, X-Hop'],
      ['X-Hop', '1'],
    ];
    expect(clientHeaders(received, { upstream, secrets: [] }).has('x-hop')).toBe(false);
  });

  test('never hold what a Connection lists beside an injected secret', () => {
    const secrets = secretsOf([['Authorization', 'Bearer sk-12345']]);
    const received: [string, string][] = [
      ['Connection', 'X-Hop, sk-12345'],
      ['X-Hop', '1'],
      ['X-Other', '2'],
    ];
    expect(names(clientHeaders(received, { upstream, secrets }))).toEqual(['x-other']);
  });

  test('never hold a value that contains an injected secret', () => {
    const secrets = secretsOf([['Authorization', 'Bearer sk-12345']]);
    const received: [string, string][] = [
      ['X-Echo', 'you sent sk-12345!'],
      ['Location', '/next?key=sk-12345'],
      ['X-Other', 'sk-1234'],
    ];
    const headers = clientHeaders(received, { upstream, secrets });
    expect(headers.has('x-echo')).toBe(false);
    expect(headers.has('location')).toBe(false);
    expect(headers.get('x-other')).toBe('sk-1234');
  });

  test('never hold such a value as a URL has it', () => {
    const odd = secretsOf([['X-Api-Key', 'a"b{c}d<e']]);
    for (const location of ['/next?key=a"b{c}d<e', '/next/a"b{c}d<e']) {
      expect(names(clientHeaders([['Location', location]], { upstream, secrets: odd }))).toEqual([]);
    }
    const secrets = secretsOf([['X-Api-Key', 'ab+cd/ef==']]);
    const received: [string, string][] = [['Location', 'https://other.test/?key=ab%2Bcd%2Fef%3D%3D']];
    expect(names(clientHeaders(received, { upstream, secrets }))).toEqual([]);
  });

  test.each(['User-Api-Key', 'User-Token', 'Acceptor-Key', 'Contents-Key', 'Content_Key'])(
    'take the value of %s for a secret, though its name begins as those of settings do',
    (name) => {
      expect(secretsOf([[name, 'sk-12345']])).toEqual(['sk-12345']);
    },
  );

  test('keep what only resembles an injected setting', () => {
    const secrets = secretsOf([
      ['Accept', 'application/json'],
      ['Accept-Encoding', 'identity'],
      ['Content-Type', 'application/json'],
      ['User-Agent', 'gateway/1.0'],
      ['anthropic-version', '2023-06-01'],
      ['OpenAI-Beta', 'assistants=v2'],
      ['X-Flag', 'on'],
    ]);
    expect(secrets).toEqual([]);
  });
});
