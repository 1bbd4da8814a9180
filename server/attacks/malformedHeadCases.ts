import type { WireCase } from '../testing/wireAttack.ts';

const get = (lines: string) => `GET /?QUERY HTTP/1.1\r\nHost: a\r\n${lines}\r\n`;

export const FIELDS: WireCase[] = (
  [
    ['a folded line', 'X: y\r\n z\r\n'],
    ['a line folded with a tab', 'X: y\r\n\tz\r\n'],
    ['a space before a colon', 'X : y\r\n'],
    ['a tab before a colon', 'X\t: y\r\n'],
    ['a line without a colon', 'X\r\n'],
    ['a line without a name', ': y\r\n'],
    ['a space in a name', 'X Y: z\r\n'],
    ['a bracket in a name', 'X(Y): z\r\n'],
    ['a slash in a name', 'X/Y: z\r\n'],
    ['a quote in a name', 'X"Y: z\r\n'],
    ['a NUL in a name', 'X\0Y: z\r\n'],
    ['a byte beyond ASCII in a name', 'X\xff: z\r\n'],
    ['a bare CR in a name', 'X\rY: z\r\n'],
    ['a bare CR in a value', 'X: y\rz\r\n'],
    ['a bare CR at the end of a value', 'X: y\r\r\n'],
    ['a bare LF in a value', 'X: y\nz\r\n'],
    ['a NUL in a value', 'X: y\0z\r\n'],
    ['a control character in a value', 'X: y\x01z\r\n'],
    ['a vertical tab in a value', 'X: y\x0bz\r\n'],
    ['a backspace in a value', 'X: y\x08z\r\n'],
    ['an escape in a value', 'X: \x1b[2J\r\n'],
  ] as const
).map(([name, lines]): WireCase => [name, get(lines), 'bad_request', 400]);

export const LINES: WireCase[] = [
  // Bun.serve hands it on, and the transport does not send it.
  ['DEL in a value', get('X: y\x7fz\r\n'), 'bad_request', 'upstream_unreachable'],
  ['a bare LF after the request line', 'GET /?QUERY HTTP/1.1\nHost: a\r\n\r\n', 'bad_request', 505],
  ['a bare LF after a field', 'GET /?QUERY HTTP/1.1\r\nHost: a\nX: y\r\n\r\n', 'bad_request', 400],
  ['bare LFs alone', 'GET /?QUERY HTTP/1.1\nHost: a\n\n', 'bad_request', 505],
  ['a head that a bare LF ends', 'GET /?QUERY HTTP/1.1\r\nHost: a\r\n\n', 'bad_request', 400],
  ['a head that a bare CR ends', 'GET /?QUERY HTTP/1.1\r\nHost: a\r\n\rX', 'bad_request', 400],
  ['a bare CR before the request line', '\rGET /?QUERY HTTP/1.1\r\nHost: a\r\n\r\n', 'bad_request', 400],
  ['a space before the request line', ' GET /?QUERY HTTP/1.1\r\nHost: a\r\n\r\n', 'bad_request', 400],
  ['a space before the first field', 'GET /?QUERY HTTP/1.1\r\n Host: a\r\n\r\n', 'bad_request', 400],
  ['two spaces in the request line', 'GET  /?QUERY HTTP/1.1\r\nHost: a\r\n\r\n', 'bad_request', 400],
  ['two spaces before the version', 'GET /?QUERY  HTTP/1.1\r\nHost: a\r\n\r\n', 'bad_request', 505],
  ['a tab in the request line', 'GET\t/?QUERY\tHTTP/1.1\r\nHost: a\r\n\r\n', 'bad_request', 505],
  ['a space after the version', 'GET /?QUERY HTTP/1.1 \r\nHost: a\r\n\r\n', 'bad_request', 505],
  ['a method that is no token', 'G@T /?QUERY HTTP/1.1\r\nHost: a\r\n\r\n', 'bad_request', 400],
  ['no method', ' /?QUERY HTTP/1.1\r\nHost: a\r\n\r\n', 'bad_request', 400],
  ['a method with a NUL', 'GET\0 /?QUERY HTTP/1.1\r\nHost: a\r\n\r\n', 'bad_request', 505],
  ['a method with a quote', '"GET" /?QUERY HTTP/1.1\r\nHost: a\r\n\r\n', 'bad_request', 400],
];
