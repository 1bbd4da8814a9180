import type { Answer, WireCase } from '../testing/wireAttack.ts';

const POST = 'POST /?QUERY HTTP/1.1\r\nHost: a\r\n';
const CHUNKED = `${POST}Transfer-Encoding: chunked\r\n\r\n`;

export const TWO_FRAMES: WireCase[] = [
  [
    'a length, then chunks',
    `${POST}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    'bad_request',
    400,
  ],
  [
    'chunks, then a length',
    `${POST}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n`,
    'bad_request',
    400,
  ],
  [
    'a length and an unknown coding',
    `${POST}Content-Length: 5\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`,
    'bad_request',
    400,
  ],
  ['two differing lengths', `${POST}Content-Length: 5\r\nContent-Length: 0\r\n\r\nhello`, 'bad_request', 400],
  ['two differing lengths in one line', `${POST}Content-Length: 5, 0\r\n\r\nhello`, 'bad_request', 400],
  ['one length twice', `${POST}Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello`, 'bad_request', null],
  ['one length twice in one line', `${POST}Content-Length: 5, 5\r\n\r\nhello`, 'bad_request', 400],
  ['chunks in HTTP/1.0', `${CHUNKED.replace('1.1', '1.0')}0\r\n\r\n`, 'bad_request', 400],
];

export const ODD_LENGTHS: WireCase[] = [
  '+5',
  '-5',
  '-0',
  '5,5',
  '5,',
  ',5',
  '5 5',
  '0x5',
  '5.0',
  '5e0',
  '5_0',
  '',
  '"5"',
  '5;',
  '\x0b5',
  '5\x0c',
  '\u00b2',
  '\u0665',
  '18446744073709551621',
  '9223372036854775813',
  '4294967301000000000000000000',
  `${'0'.repeat(400)}5`,
].map(
  (length): WireCase => [
    `a length of ${JSON.stringify(length.slice(0, 30))}`,
    `${POST}Content-Length: ${length}\r\n\r\nhello`,
    'bad_request',
    400,
  ],
);

export const ODD_CODINGS: WireCase[] = [
  'identity',
  'gzip',
  'gzip, chunked',
  'chunked, gzip',
  'chunked, chunked',
  'chunked, identity',
  'xchunked',
  'chunkedx',
  'chunked;q=1',
  '',
  'chunked chunked',
  '\x0bchunked',
  'chunked\x0b',
  '\x0cchunked',
  '\x00chunked',
  'chun\x00ked',
  '"chunked"',
  'chunked\xa0',
  '\u017fchunked',
].map(
  (coding): WireCase => [
    `a coding of ${JSON.stringify(coding)}`,
    `${POST}Transfer-Encoding: ${coding}\r\n\r\n0\r\n\r\n`,
    'bad_request',
    400,
  ],
);

export const HIDDEN_CODINGS: WireCase[] = [
  [
    'an empty coding after chunks',
    `${POST}Transfer-Encoding: chunked,\r\n\r\n0\r\n\r\n`,
    'bad_request',
    null,
  ],
  [
    'an empty coding before chunks',
    `${POST}Transfer-Encoding: , chunked\r\n\r\n0\r\n\r\n`,
    'bad_request',
    null,
  ],
  [
    'a coding with a space before its colon',
    `${POST}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n`,
    'bad_request',
    400,
  ],
  [
    'a coding with a tab before its colon',
    `${POST}Transfer-Encoding\t: chunked\r\n\r\n0\r\n\r\n`,
    'bad_request',
    400,
  ],
  [
    'a coding after a space',
    `${POST}X: y\r\n Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    'bad_request',
    400,
  ],
  ['a coding on a folded line', `${POST}Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n`, 'bad_request', 400],
  [
    'a coding behind a bare CR',
    `${POST}X: y\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    'bad_request',
    400,
  ],
  [
    'a coding behind a bare LF',
    `${POST}X: y\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    'bad_request',
    400,
  ],
  [
    'a coding behind a NUL',
    `${POST}X: y\0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    'bad_request',
    400,
  ],
  [
    'a coding in two lines',
    `${POST}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    'bad_request',
    400,
  ],
  [
    'a coding in two lines that differ',
    `${POST}Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n`,
    'bad_request',
    400,
  ],
  ['a length with a space before its colon', `${POST}Content-Length : 5\r\n\r\nhello`, 'bad_request', 400],
  ['a length behind a bare CR', `${POST}X: y\rContent-Length: 5\r\n\r\nhello`, 'bad_request', 400],
];

/** What follows the headers of a chunked request, up to the point where its end is still to come. */
export const ODD_CHUNKS: WireCase[] = chunked('bad_request', 400, [
  ['a size of 0x5', '0x5\r\nhello\r\n0\r\n\r\n'],
  ['a size of +5', '+5\r\nhello\r\n0\r\n\r\n'],
  ['a size of -5', '-5\r\nhello\r\n0\r\n\r\n'],
  ['a size after a space', ' 5\r\nhello\r\n0\r\n\r\n'],
  ['a size before a space', '5 \r\nhello\r\n0\r\n\r\n'],
  ['a size before a tab', '5\t\r\nhello\r\n0\r\n\r\n'],
  ['a size that is no number', 'g\r\nhello\r\n0\r\n\r\n'],
  ['no size', '\r\nhello\r\n0\r\n\r\n'],
  ['no size but an extension', ';a=b\r\nhello\r\n0\r\n\r\n'],
  ['a size with an underscore', '1_0\r\nhello\r\n0\r\n\r\n'],
  ['a size of 2^64 + 5', '10000000000000005\r\nhello\r\n0\r\n\r\n'],
  ['a size of 2^63', '8000000000000000\r\nhello\r\n0\r\n\r\n'],
  ['a size that a bare LF ends', '5\nhello\r\n0\r\n\r\n'],
  ['a size that a bare CR ends', '5\rhello\r\n0\r\n\r\n'],
  ['an extension that a bare LF ends', '5;a\nhello\r\n0\r\n\r\n'],
  ['an extension with a bare CR', '5;a\rb\r\nhello\r\n0\r\n\r\n'],
  ['an extension with a NUL', '5;a\0b\r\nhello\r\n0\r\n\r\n'],
  ['data that goes on', '5\r\nhelloXX\r\n0\r\n\r\n'],
  ['data without an end of line', '5\r\nhello0\r\n\r\n'],
  ['data that a bare LF ends', '5\r\nhello\n0\r\n\r\n'],
  ['data that a bare CR ends', '5\r\nhello\r0\r\n\r\n'],
  ['a last chunk that a bare LF ends', '5\r\nhello\r\n0\n\n'],
]);

/** Bun.serve takes the body for whole at `0` and the end of its line, and judges what follows later. */
export const ODD_ENDS: WireCase[] = chunked('bad_request', null, [
  ['a last line that is a bare LF', '5\r\nhello\r\n0\r\n\n'],
  ['garbage after the last chunk', '5\r\nhello\r\n0\r\nXX\r\n\r\n'],
  ['a request after the last chunk', '5\r\nhello\r\n0\r\nSMUGGLED'],
  ['a trailer that is folded', '5\r\nhello\r\n0\r\nX: y\r\n z\r\n\r\n'],
  ['a trailer without a name', '5\r\nhello\r\n0\r\n: y\r\n\r\n'],
  ['a trailer with a bare CR', '5\r\nhello\r\n0\r\nX: y\rz\r\n\r\n'],
  ['a trailer with a NUL', '5\r\nhello\r\n0\r\nX: \0\r\n\r\n'],
  ['a trailer of 64 KiB', `5\r\nhello\r\n0\r\nX: ${'y'.repeat(65_536)}\r\n\r\n`],
  ['ten thousand trailers', `5\r\nhello\r\n0\r\n${'X: y\r\n'.repeat(10_000)}\r\n`],
]);

export const CHUNK_FLOODS: WireCase[] = [
  ...chunked('bad_request', null, [['a size of 2^53 + 1', '20000000000001\r\nhello\r\n0\r\n\r\n']]),
  ...chunked('bad_request', null, [
    ['a size of 2^32 + 5 in too many digits', '00000000000000000000000000100000005\r\nhello\r\n0\r\n\r\n'],
  ]),
  ...chunked('bad_request', 413, [
    ['an extension of 64 KiB', `5;${'a'.repeat(65_536)}\r\nhello\r\n0\r\n\r\n`],
  ]),
  ...chunked('bad_request', 'closed', [
    ['a hundred extensions of 1 KiB', `${`1;${'a'.repeat(1024)}\r\nx\r\n`.repeat(100)}0\r\n\r\n`],
  ]),
];

function chunked(
  own: Answer,
  bun: Answer | null,
  bodies: readonly (readonly [string, string])[],
): WireCase[] {
  return bodies.map(([name, body]) => [`chunks with ${name}`, CHUNKED + body, own, bun]);
}
