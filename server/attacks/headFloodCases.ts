import type { WireCase } from '../testing/wireAttack.ts';

const get = (lines: string) => `GET /?QUERY HTTP/1.1\r\nHost: a\r\n${lines}\r\n`;

export const FLOODS: WireCase[] = [
  ['one field of 20 KB', get(`X: ${'y'.repeat(20_000)}\r\n`), 'headers_too_large', 431],
  ['one field of 1 MB', get(`X: ${'y'.repeat(1_000_000)}\r\n`), 'headers_too_large', 431],
  ['a name of 20 KB', get(`${'X'.repeat(20_000)}: y\r\n`), 'headers_too_large', 431],
  ['250 fields', get('X: y\r\n'.repeat(250)), 'headers_too_large', 431],
  [
    '250 fields of different names',
    get(Array.from({ length: 250 }, (_, n) => `X-${n}: y\r\n`).join('')),
    'headers_too_large',
    431,
  ],
  ['100,000 fields', get('X: y\r\n'.repeat(100_000)), 'headers_too_large', 431],
  [
    'a field that never ends',
    `GET /?QUERY HTTP/1.1\r\nHost: a\r\nX: ${'y'.repeat(1_000_000)}`,
    'headers_too_large',
    431,
  ],
  ['a URL of 13 KB', `GET /?QUERY&x=${'y'.repeat(13_000)} HTTP/1.1\r\nHost: a\r\n\r\n`, 'url_too_long'],
  [
    'a URL of 1 MB',
    `GET /?QUERY&x=${'y'.repeat(1_000_000)} HTTP/1.1\r\nHost: a\r\n\r\n`,
    'url_too_long',
    431,
  ],
  ['a URL that never ends', `GET /?QUERY&x=${'y'.repeat(1_000_000)}`, 'url_too_long', 431],
  ['a path of 1 MB', `GET /${'y'.repeat(1_000_000)} HTTP/1.1\r\nHost: a\r\n\r\n`, 'url_too_long', 431],
  ['a method of 1 MB', `${'X'.repeat(1_000_000)} /?QUERY HTTP/1.1\r\nHost: a\r\n\r\n`, 'url_too_long', 431],
  ['a megabyte of empty lines', `${'\r\n'.repeat(500_000)}${get('')}`, 'bad_request', 400],
];
