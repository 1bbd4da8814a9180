export interface MalformedResponse {
  readonly name: string;
  /** One character a byte. */
  readonly bytes: string;
  /** What the parser says. */
  readonly reason: string;
  /** `head`: there is no answer. `body`: there may be one, but it never ends as complete. */
  readonly in: 'head' | 'body';
}

const OK = 'HTTP/1.1 200 OK\r\n';
const CHUNKED = `${OK}Transfer-Encoding: chunked\r\n\r\n`;

/** Answers that no reader may guess about (RFC 9112, sections 2.2, 4, 5, 6 and 7.1). */
export const MALFORMED_RESPONSES: readonly MalformedResponse[] = [
  head('another protocol', 'SSH-2.0-OpenSSH_9.2\r\n\r\n', 'not HTTP/1.1'),
  head('HTTP/0.9', '<html>hello</html>\r\n\r\n', 'not HTTP/1.1'),
  head('HTTP/2.0', 'HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n', 'not HTTP/1.1'),
  head('HTTP/1.2', 'HTTP/1.2 200 OK\r\nContent-Length: 0\r\n\r\n', 'not HTTP/1.1'),
  head('lower-case protocol', 'http/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', 'not HTTP/1.1'),
  head('an empty line first', `\r\n${OK}Content-Length: 0\r\n\r\n`, 'not HTTP/1.1'),
  head('a status of two digits', 'HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n', 'malformed status'),
  head('a status of four digits', 'HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n', 'malformed status'),
  head('a status with a sign', 'HTTP/1.1 +20 OK\r\nContent-Length: 0\r\n\r\n', 'malformed status'),
  head('status 099', 'HTTP/1.1 099 OK\r\nContent-Length: 0\r\n\r\n', 'malformed status'),
  head('status 600', 'HTTP/1.1 600 OK\r\nContent-Length: 0\r\n\r\n', 'malformed status'),
  head('two spaces before the status', 'HTTP/1.1  200 OK\r\nContent-Length: 0\r\n\r\n', 'malformed status'),
  head(
    'an unasked 101',
    'HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n',
    'unasked 101',
  ),
  head(
    'seventeen 1xx',
    `${'HTTP/1.1 103 Early\r\n\r\n'.repeat(17)}${OK}Content-Length: 0\r\n\r\n`,
    'too many 1xx',
  ),
  head('bare LF after the status line', 'HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n', 'bare LF'),
  head('bare LF after a field', `${OK}Content-Length: 0\n\r\n`, 'bare LF'),
  head('bare LF as the empty line', `${OK}Content-Length: 0\r\n\n`, 'bare LF'),
  head('bare CR in the reason', 'HTTP/1.1 200 O\rK\r\nContent-Length: 0\r\n\r\n', 'bare CR'),
  head('bare CR in a value', `${OK}X-A: b\rc\r\nContent-Length: 0\r\n\r\n`, 'bare CR'),
  head('two CR before LF', `${OK}X-A: b\r\r\nContent-Length: 0\r\n\r\n`, 'bare CR'),
  head('bare CR in a name', `${OK}X\r-A: b\r\nContent-Length: 0\r\n\r\n`, 'malformed field name'),
  head('NUL in a value', `${OK}X-A: b\0c\r\nContent-Length: 0\r\n\r\n`, 'NUL'),
  head('NUL in the reason', 'HTTP/1.1 200 O\0K\r\nContent-Length: 0\r\n\r\n', 'NUL'),
  head('NUL in a name', `${OK}X\0A: b\r\nContent-Length: 0\r\n\r\n`, 'malformed field name'),
  head(
    'a control character in a value',
    `${OK}X-A: b\x01c\r\nContent-Length: 0\r\n\r\n`,
    'control character',
  ),
  head('DEL in a value', `${OK}X-A: b\x7fc\r\nContent-Length: 0\r\n\r\n`, 'control character'),
  head('a space before the colon', `${OK}Content-Length : 0\r\n\r\n`, 'space before the colon'),
  head('a tab before the colon', `${OK}X-A\t: 0\r\nContent-Length: 0\r\n\r\n`, 'space before the colon'),
  head('a field without a colon', `${OK}X-A\r\nContent-Length: 0\r\n\r\n`, 'malformed field name'),
  head('an empty field name', `${OK}: a\r\nContent-Length: 0\r\n\r\n`, 'malformed field name'),
  head('a field name of two words', `${OK}X A: b\r\nContent-Length: 0\r\n\r\n`, 'space before the colon'),
  head('a field name beyond ASCII', `${OK}X-\xe4: b\r\nContent-Length: 0\r\n\r\n`, 'malformed field name'),
  head('a folded first line', `${OK} X-A: b\r\nContent-Length: 0\r\n\r\n`, 'folded first line'),
  head('a folded length', `${OK}Content-Length:\r\n 0\r\n\r\n`, 'folded framing field'),
  head(
    'a folded transfer coding',
    `${OK}Transfer-Encoding:\r\n\tchunked\r\n\r\n0\r\n\r\n`,
    'folded framing field',
  ),
  head(
    'the same length twice',
    `${OK}Content-Length: 1\r\ncontent-length: 1\r\n\r\nx`,
    'more than one length',
  ),
  head('differing lengths', `${OK}Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx`, 'more than one length'),
  head('a list of lengths', `${OK}Content-Length: 1, 1\r\n\r\nx`, 'malformed length'),
  head('an empty length', `${OK}Content-Length:\r\n\r\n`, 'malformed length'),
  head('a negative length', `${OK}Content-Length: -1\r\n\r\n`, 'malformed length'),
  head('a length with a plus', `${OK}Content-Length: +1\r\n\r\nx`, 'malformed length'),
  head('a hexadecimal length', `${OK}Content-Length: 0x1\r\n\r\nx`, 'malformed length'),
  head('a length in other words', `${OK}Content-Length: 1e1\r\n\r\n0123456789`, 'malformed length'),
  head('a length past 2^53', `${OK}Content-Length: 18446744073709551617\r\n\r\nx`, 'malformed length'),
  head(
    'a length with chunks',
    `${OK}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    'length with transfer coding',
  ),
  head(
    'chunks with a length',
    `${OK}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n`,
    'length with transfer coding',
  ),
  head('an unknown coding', `${OK}Transfer-Encoding: gzip\r\n\r\nx`, 'unknown transfer coding'),
  head(
    'a coding before chunks',
    `${OK}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
    'unknown transfer coding',
  ),
  head(
    'a coding after chunks',
    `${OK}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n`,
    'unknown transfer coding',
  ),
  head(
    'chunked twice',
    `${OK}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    'unknown transfer coding',
  ),
  head(
    'an almost chunked coding',
    `${OK}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`,
    'unknown transfer coding',
  ),
  head('an empty transfer coding', `${OK}Transfer-Encoding:\r\n\r\nx`, 'unknown transfer coding'),
  head(
    'chunks in HTTP/1.0',
    'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    'transfer coding in HTTP/1.0',
  ),
  chunk('a chunk without a size', '\r\nabc\r\n0\r\n\r\n', 'malformed size'),
  chunk('a chunk size that is no number', 'zz\r\nabc\r\n0\r\n\r\n', 'malformed size'),
  chunk('a chunk size with a prefix', '0x3\r\nabc\r\n0\r\n\r\n', 'malformed size'),
  chunk('a negative chunk size', '-3\r\nabc\r\n0\r\n\r\n', 'malformed size'),
  chunk('a space before a chunk size', ' 3\r\nabc\r\n0\r\n\r\n', 'malformed size'),
  chunk('a space after a chunk size', '3 \r\nabc\r\n0\r\n\r\n', 'malformed size'),
  chunk('a chunk size past 2^53', 'fffffffffffffff3\r\nabc\r\n0\r\n\r\n', 'size too long'),
  chunk('bare LF after a chunk size', '3\nabc\r\n0\r\n\r\n', 'malformed size'),
  chunk('bare CR after a chunk size', '3\rabc\r\n0\r\n\r\n', 'bare CR'),
  chunk('bare LF in an extension', '3;a=b\nabc\r\n0\r\n\r\n', 'malformed extension'),
  chunk('NUL in an extension', '3;a=\0\r\nabc\r\n0\r\n\r\n', 'malformed extension'),
  chunk('data longer than its chunk', '3\r\nabcd\r\n0\r\n\r\n', 'data past its size'),
  chunk('data that ends with a bare LF', '3\r\nabc\n0\r\n\r\n', 'data past its size'),
  chunk('data that ends with a bare CR', '3\r\nabc\r0\r\n\r\n', 'data past its size'),
  {
    name: 'a trailer without a colon',
    bytes: `${CHUNKED}0\r\nbad\r\n\r\n`,
    reason: 'trailer: malformed field name',
    in: 'body',
  },
  {
    name: 'a bare LF after a trailer',
    bytes: `${CHUNKED}0\r\nX-A: b\n\r\n`,
    reason: 'trailer: bare LF',
    in: 'body',
  },
];

/** Whole as far as they go, then the upstream ends: by the reason with which they break. */
export const TRUNCATED_RESPONSES: readonly MalformedResponse[] = [
  { name: 'a status line', bytes: 'HTTP/1.1 200 O', reason: 'head: cut short', in: 'head' },
  { name: 'a head', bytes: `${OK}Content-Length: 3\r\n`, reason: 'head: cut short', in: 'head' },
  {
    name: 'a head after a 1xx',
    bytes: 'HTTP/1.1 100 Continue\r\n\r\n',
    reason: 'head: cut short',
    in: 'head',
  },
  {
    name: 'a body with a length',
    bytes: `${OK}Content-Length: 3\r\n\r\nab`,
    reason: 'body: shorter than its length',
    in: 'body',
  },
  {
    name: 'a body of no byte',
    bytes: `${OK}Content-Length: 3\r\n\r\n`,
    reason: 'body: shorter than its length',
    in: 'body',
  },
  { name: 'a chunk size', bytes: `${CHUNKED}3`, reason: 'body: last chunk missing', in: 'body' },
  { name: 'a chunk', bytes: `${CHUNKED}3\r\nab`, reason: 'body: last chunk missing', in: 'body' },
  { name: 'the last chunk', bytes: `${CHUNKED}3\r\nabc\r\n`, reason: 'body: last chunk missing', in: 'body' },
  {
    name: 'the end of the last chunk',
    bytes: `${CHUNKED}3\r\nabc\r\n0\r\n`,
    reason: 'body: last chunk missing',
    in: 'body',
  },
];

function head(name: string, bytes: string, reason: string): MalformedResponse {
  return { name, bytes, reason: `head: ${reason}`, in: 'head' };
}

function chunk(name: string, body: string, reason: string): MalformedResponse {
  return { name, bytes: CHUNKED + body, reason: `chunk: ${reason}`, in: 'body' };
}
