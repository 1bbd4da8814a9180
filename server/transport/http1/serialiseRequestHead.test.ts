import { describe, expect, test } from 'bun:test';
import { TransportError, type UpstreamRequest } from '../transport.ts';
import { serialiseRequestHead } from './serialiseRequestHead.ts';

const REQUEST: UpstreamRequest = {
  method: 'GET',
  scheme: 'http',
  hostname: 'upstream.test',
  port: 80,
  address: '127.0.0.1',
  target: '/a?b',
  headers: [['Host', 'upstream.test']],
  body: null,
  deadlines: { connect: 0, head: 0, silence: 0, total: 0 },
};

describe('serialising the head of a request', () => {
  test('keeps the fields, their order, spelling and duplicates', () => {
    const headers: [string, string][] = [
      ['X-b', '1'],
      ['HOST', 'a'],
      ['x-B', ''],
      ['X-b', '2'],
    ];
    expect(written({ headers })).toBe('GET /a?b HTTP/1.1\r\nX-b: 1\r\nHOST: a\r\nx-B: \r\nX-b: 2\r\n\r\n');
  });

  test('writes values as Latin-1, one byte a character', () => {
    const headers: [string, string][] = [
      ['Host', 'a'],
      ['X', 'D\xe4h'],
    ];
    expect(written({ headers })).toContain('X: D\xe4h\r\n');
  });

  test('leaves Expect out', () => {
    expect(
      written({
        headers: [
          ['Host', 'a'],
          ['expect', '100-continue'],
        ],
      }),
    ).not.toMatch(/expect/i);
  });

  test('frames a body of bytes by its length', () => {
    expect(written({ body: new Uint8Array(65_537) })).toEndWith('\r\nContent-Length: 65537\r\n\r\n');
  });

  const refused: [string, Partial<UpstreamRequest>, string][] = [
    ['a method that ends the line', { method: 'GET / HTTP/1.1\r\nX' }, 'method'],
    ['an empty method', { method: '' }, 'method'],
    ['a target with a space', { target: '/a b' }, 'target'],
    ['a target with a line feed', { target: '/a\nX: y' }, 'target'],
    ['a target whose character would be cut to a line feed', { target: '/\u010a' }, 'target'],
    ['a target that is a URL', { target: 'http://other.test/' }, 'target'],
    ['an empty target', { target: '' }, 'target'],
    [
      'a header name with a line feed',
      {
        headers: [
          ['Host', 'a'],
          ['X\n', 'a'],
        ],
      },
      'header name',
    ],
    [
      'a header name with a colon',
      {
        headers: [
          ['Host', 'a'],
          ['X:', 'a'],
        ],
      },
      'header name',
    ],
    [
      'an empty header name',
      {
        headers: [
          ['Host', 'a'],
          ['', 'a'],
        ],
      },
      'header name',
    ],
    [
      'a value with a line feed',
      {
        headers: [
          ['Host', 'a'],
          ['X', 'a\nY: b'],
        ],
      },
      'header value',
    ],
    [
      'a value with a carriage return',
      {
        headers: [
          ['Host', 'a'],
          ['X', 'a\rY: b'],
        ],
      },
      'header value',
    ],
    [
      'a value with NUL',
      {
        headers: [
          ['Host', 'a'],
          ['X', 'a\0'],
        ],
      },
      'header value',
    ],
    [
      'a value whose character would be cut to a line feed',
      {
        headers: [
          ['Host', 'a'],
          ['X', '\u010a'],
        ],
      },
      'header value',
    ],
    [
      'a length of the caller',
      {
        headers: [
          ['Host', 'a'],
          ['content-length', '3'],
        ],
      },
      'framing field',
    ],
    [
      'a coding of the caller',
      {
        headers: [
          ['Host', 'a'],
          ['Transfer-encoding', 'chunked'],
        ],
      },
      'framing field',
    ],
    ['no Host', { headers: [] }, 'host'],
    [
      'two Hosts',
      {
        headers: [
          ['Host', 'a'],
          ['host', 'b'],
        ],
      },
      'host',
    ],
  ];
  for (const [what, change, part] of refused) {
    test(`refuses ${what}`, () => {
      expect(() => serialiseRequestHead({ ...REQUEST, ...change })).toThrow(
        new TransportError('upstream_unreachable', `request: malformed ${part}`),
      );
    });
  }
});

function written(change: Partial<UpstreamRequest>): string {
  return serialiseRequestHead({ ...REQUEST, ...change });
}
