import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { Refusal } from '../../../signing/refusal.ts';
import { FUZZ_TIMEOUT, fuzzRuns } from '../../testing/fuzzRuns.ts';
import { RequestParser, requestHeads } from './requestParser.ts';

const LIMITS = { maxUrlLength: 200, maxHeaderBytes: 400 };

const token = fc.stringMatching(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,8}$/);
const blank = fc.constantFrom(' ', ' ', ' ', '\t', '  ', '', '\x0b', '\0');
const lineEnd = fc.constantFrom('\r\n', '\r\n', '\r\n', '\r\n', '\r\n', '\n', '\r', '\r\r\n', '\r\n ', '');
const noise = fc.string({
  unit: fc.integer({ min: 0, max: 255 }).map((byte) => String.fromCharCode(byte)),
  maxLength: 6,
});
const name = fc.oneof(
  token,
  fc.constantFrom('Host', 'host', 'Content-Length', 'Transfer-Encoding', 'Connection', 'Expect', ''),
  noise,
);
const value = fc.oneof(
  token,
  fc.constantFrom(
    'a',
    'a:80',
    'a:99999',
    '5',
    '+5',
    '5, 5',
    'chunked',
    'gzip, chunked',
    'close',
    '100-continue',
    '',
  ),
  noise,
);
const doubled = fc.constantFrom('Host: b\r\n', 'Content-Length: 5\r\n', 'Transfer-Encoding: chunked\r\n');
const oddField = fc
  .tuple(name, fc.constantFrom(':', ':', ':', ' :', '', '::'), blank, value, lineEnd)
  .map((parts) => parts.join(''));
const target = fc.oneof(
  fc.constantFrom('/', '/?a=b', '*', 'http://a/', 'http://b/?x', 'a:80', '/../x', '//x', '/%2e/', ''),
  fc.webUrl(),
  noise.map((text) => `/${text}`),
);
const oddLine = fc
  .tuple(
    fc.oneof(fc.constantFrom('GET', 'POST', 'HEAD', 'CONNECT', 'OPTIONS', 'get', ''), token),
    blank,
    target,
    blank,
    fc.constantFrom('HTTP/1.1', 'HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0', 'HTTP/2.0', 'http/1.1', ''),
    lineEnd,
  )
  .map((parts) => parts.join(''));

const rightLine = fc.constantFrom('GET / HTTP/1.1\r\n', 'POST /?a=b HTTP/1.1\r\n', 'POST / HTTP/1.0\r\n');
const requestLine = fc.oneof({ weight: 3, arbitrary: rightLine }, { weight: 1, arbitrary: oddLine });
const rightField = fc.constantFrom('X-A: b\r\n', 'Connection: close\r\n', 'Expect: 100-continue\r\n');

/** Mostly a request, with one thing or another that is none. */
const request = fc
  .tuple(
    fc.constantFrom('', '', '', '\r\n', '\n', ' '),
    requestLine,
    fc.constantFrom('Host: a\r\n', 'Host: a\r\n', ''),
    fc.array(fc.oneof(rightField, doubled, oddField), { maxLength: 6 }),
    fc.constantFrom('\r\n', '\r\n', '\r\n', '\n', ''),
    noise,
  )
  .map(([before, line, host, fields, end, rest]) =>
    Buffer.from(before + line + host + fields.join('') + end + rest, 'latin1'),
  );

/** What a parser makes of pieces: a head and how many bytes it took, a code, or that it waits for more. */
function outcome(pieces: readonly Buffer[]): string {
  const parser = new RequestParser(LIMITS, requestHeads(LIMITS));
  let taken = 0;
  try {
    for (const piece of pieces) {
      taken += parser.push(piece, 0);
      if (parser.head !== null) return JSON.stringify([taken, parser.head]);
    }
    return 'waiting';
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
}

test(
  'whatever is sent, a request is read as one thing, in whatever pieces it comes',
  () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(request, fc.array(fc.nat({ max: 300 }), { maxLength: 4 }), (bytes, cuts) => {
        const whole = outcome([bytes]);
        seen.add(whole.startsWith('[') ? 'read' : whole);
        const at = [
          0,
          ...cuts.map((cut) => Math.min(cut, bytes.length)).toSorted((a, b) => a - b),
          bytes.length,
        ];
        const pieces = at.slice(1).map((end, index) => bytes.subarray(at[index], end));
        expect(outcome(pieces.filter((piece) => piece.length > 0))).toBe(whole);
        expect(outcome([...bytes].map((byte) => Buffer.of(byte)))).toBe(whole);
      }),
      fuzzRuns(3000),
    );
    // The grammar is worth nothing if it makes only one kind.
    expect([...seen].toSorted()).toEqual(expect.arrayContaining(['bad_request', 'read', 'waiting']));
  },
  FUZZ_TIMEOUT,
);

test(
  'whatever is read says where it ends, and has one Host and one framing',
  () => {
    fc.assert(
      fc.property(request, (bytes) => {
        const parser = new RequestParser(LIMITS, requestHeads(LIMITS));
        try {
          parser.push(bytes, 0);
        } catch (error) {
          expect(error).toBeInstanceOf(Refusal);
          return;
        }
        if (parser.head === null) return;
        const { fields, framing, declared } = parser.head;
        const lines = (wanted: string) => fields.filter(([each]) => each.toLowerCase() === wanted);
        expect(lines('host')).toHaveLength(1);
        expect(lines('content-length').length + lines('transfer-encoding').length).toBeLessThan(2);
        expect(framing === 'length').toBe(declared !== null);
        for (const [each, text] of fields) {
          expect(each).toMatch(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/);
          expect(text).toMatch(/^[\t\x20-\x7e\x80-\xff]*$/);
        }
      }),
      fuzzRuns(3000),
    );
  },
  FUZZ_TIMEOUT,
);
