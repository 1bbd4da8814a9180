import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { CHUNK_LIMITS } from '../../http1/chunkedBody.ts';
import { MalformedMessage } from '../../http1/malformedMessage.ts';
import { MALFORMED_RESPONSES, TRUNCATED_RESPONSES } from '../testing/malformedResponses.ts';
import type { HeaderPairs, ReceivedLines } from '../transport.ts';
import type { ResponseHead } from './responseHead.ts';
import { RESPONSE_LIMITS } from './responseLimits.ts';
import { ResponseParser } from './responseParser.ts';

describe('what is malformed', () => {
  for (const { name, bytes, reason } of MALFORMED_RESPONSES) {
    test(`refuses ${name}, however it is split`, () => {
      const whole = read([bytes]);
      expect(whole.reason).toBe(reason);
      for (const pieces of splits(bytes)) {
        const { reason, ending } = read(pieces);
        expect({ reason, ending }).toEqual({ reason: whole.reason, ending: 'refused' });
      }
    });
  }

  for (const { name, bytes, reason } of TRUNCATED_RESPONSES) {
    test(`says that ${name} is cut short, however it is split`, () => {
      for (const pieces of [[bytes], ...splits(bytes)]) {
        const { ending, reason: cut } = read(pieces);
        expect([ending, cut]).toEqual(['cut', reason]);
      }
    });
  }
});

describe('what is well formed', () => {
  const cases: Record<
    string,
    { bytes: string; method?: string; expected: Partial<Reading> & { surplus?: number } }
  > = {
    'a length': { bytes: `${OK}Content-Length: 3\r\n\r\nabc`, expected: { body: 'abc', framing: 'length' } },
    'a length of 0': { bytes: `${OK}Content-Length: 0\r\n\r\n`, expected: { body: '', framing: 'length' } },
    'a length with leading zeros': {
      bytes: `${OK}Content-Length: 003\r\n\r\nabc`,
      expected: { body: 'abc' },
    },
    chunks: {
      bytes: `${CHUNKED}3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n`,
      expected: { body: 'abc0123456789', framing: 'chunked' },
    },
    'no chunks at all': { bytes: `${CHUNKED}0\r\n\r\n`, expected: { body: '' } },
    'a last chunk of many zeros': { bytes: `${CHUNKED}1\r\nx\r\n000\r\n\r\n`, expected: { body: 'x' } },
    'chunk extensions': {
      bytes: `${CHUNKED}3;a=b;c="d;e"\r\nabc\r\n0 ;x\r\n\r\n`,
      expected: { body: 'abc' },
    },
    trailers: { bytes: `${CHUNKED}3\r\nabc\r\n0\r\nX-Sum: 1\r\nX-B: 2\r\n\r\n`, expected: { body: 'abc' } },
    'mixed case': {
      bytes: `${OK}TRANSFER-encoding: Chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n`,
      expected: { body: 'x' },
    },
    'an empty reason': { bytes: 'HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n', expected: { statusText: '' } },
    'no space before an empty reason': {
      bytes: 'HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n',
      expected: { status: 200, statusText: '' },
    },
    'a reason beyond ASCII': {
      bytes: 'HTTP/1.1 200 D\xe4h\r\nContent-Length: 0\r\n\r\n',
      expected: { statusText: 'D\xe4h' },
    },
    'sixteen 1xx': {
      bytes: `${'HTTP/1.1 103 Early\r\nLink: </a>\r\n\r\n'.repeat(16)}${OK}Content-Length: 1\r\n\r\nx`,
      expected: { status: 200, body: 'x', headers: [['Content-Length', '1']] },
    },
    'a folded field': {
      bytes: `${OK}X-A: one\r\n\t two \r\nContent-Length: 0\r\n\r\n`,
      expected: {
        headers: [
          ['X-A', 'one two'],
          ['Content-Length', '0'],
        ],
      },
    },
    'duplicates in their order': {
      bytes: `${OK}Set-Cookie: a\r\nX: \r\nset-cookie:b\r\nContent-Length: 0\r\n\r\n`,
      expected: {
        headers: [
          ['Set-Cookie', 'a'],
          ['X', ''],
          ['set-cookie', 'b'],
          ['Content-Length', '0'],
        ],
      },
    },
    'HEAD with a length': {
      bytes: `${OK}Content-Length: 3\r\n\r\n`,
      method: 'HEAD',
      expected: { body: '', framing: 'none' },
    },
    'HEAD with chunks': { bytes: CHUNKED, method: 'HEAD', expected: { body: '', framing: 'none' } },
    '204': { bytes: 'HTTP/1.1 204 No Content\r\n\r\n', expected: { status: 204, framing: 'none' } },
    '304 with a length': {
      bytes: 'HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n',
      expected: { framing: 'none' },
    },
    'bytes past the end': {
      bytes: `${OK}Content-Length: 1\r\n\r\nxHTTP/1.1 200`,
      expected: { body: 'x', surplus: 12 },
    },
    'bytes past the last chunk': { bytes: `${CHUNKED}0\r\n\r\nyy`, expected: { body: '', surplus: 2 } },
    'a body of a 204': {
      bytes: 'HTTP/1.1 204 No Content\r\n\r\n0\r\n\r\n',
      expected: { body: '', surplus: 5 },
    },
  };
  for (const [name, { bytes, method = 'GET', expected }] of Object.entries(cases)) {
    test(`reads ${name}, however it is split`, () => {
      for (const pieces of [[bytes], ...splits(bytes)]) {
        expect(read(pieces, method)).toMatchObject({ ending: 'complete', ...expected });
      }
    });
  }

  test('reads a body that ends with the connection, however it is split', () => {
    for (const pieces of splits(`${OK}X: y\r\n\r\nabc`)) {
      expect(read(pieces)).toMatchObject({ ending: 'complete at the end', body: 'abc', framing: 'close' });
    }
  });
});

describe('whether the connection may be used again', () => {
  const cases: [string, boolean][] = [
    [`${OK}Content-Length: 0\r\n\r\n`, true],
    [`${OK}Content-Length: 0\r\nConnection: keep-alive\r\n\r\n`, true],
    [`${OK}Content-Length: 0\r\nConnection: close\r\n\r\n`, false],
    [`${OK}Content-Length: 0\r\nConnection: x, CLOSE\r\n\r\n`, false],
    [`${OK}Content-Length: 0\r\nConnection: x\r\nConnection: close\r\n\r\n`, false],
    ['HTTP/1.0 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n', false],
    [`${OK}\r\n`, false],
  ];
  for (const [bytes, reusable] of cases) {
    test(`${reusable ? 'allows' : 'forbids'} it after ${JSON.stringify(bytes)}`, () => {
      expect(read([bytes]).reusable).toBe(reusable);
    });
  }

  test('reads the time that Keep-Alive offers', () => {
    expect(read([`${OK}Keep-Alive: timeout=5, max=100\r\nContent-Length: 0\r\n\r\n`]).keepAlive).toBe(5);
    expect(read([`${OK}Keep-Alive: max=100\r\nContent-Length: 0\r\n\r\n`]).keepAlive).toBeNull();
  });
});

describe('limits', () => {
  const { headBytes, headFields } = RESPONSE_LIMITS;
  const { extensionBytes, trailerBytes } = CHUNK_LIMITS;
  const headOf = (size: number) => {
    const rest = `${OK}Content-Length: 0\r\nX: \r\n\r\n`;
    return rest.replace('X: ', `X: ${'a'.repeat(size - rest.length)}`);
  };
  const fieldsOf = (count: number) => `${OK}Content-Length: 0\r\n${'X: y\r\n'.repeat(count - 1)}\r\n`;
  const extensionOf = (size: number) => `${CHUNKED}1;${'a'.repeat(size - 1)}\r\nx\r\n0\r\n\r\n`;
  const trailersOf = (size: number) => `${CHUNKED}0\r\nX: ${'a'.repeat(size - 7)}\r\n\r\n`;
  const cases: [string, string, string, string][] = [
    ['a head', headOf(headBytes), headOf(headBytes + 1), 'head: too large'],
    ['fields', fieldsOf(headFields), fieldsOf(headFields + 1), 'head: too many fields'],
    [
      'an extension',
      extensionOf(extensionBytes),
      extensionOf(extensionBytes + 1),
      'chunk: extension too large',
    ],
    ['trailers', trailersOf(trailerBytes), trailersOf(trailerBytes + 1), 'trailer: too large'],
  ];
  for (const [name, within, beyond, reason] of cases) {
    test(`takes ${name} of exactly the limit and refuses one more, in one piece or byte by byte`, () => {
      for (const cut of [(bytes: string) => [bytes], (bytes: string) => [...bytes]]) {
        expect(read(cut(within)).ending).toBe('complete');
        expect(read(cut(beyond)).reason).toBe(reason);
      }
    });
  }

  test('gives up on a head without end before it holds more than the limit', () => {
    const parser = new ResponseParser('GET', { headParsed() {}, bodyParsed() {} });
    const piece = Buffer.alloc(1024, 'a');
    let pushed = 0;
    expect(() => {
      for (; pushed < 4 * headBytes; pushed += piece.length) parser.push(piece);
    }).toThrow(MalformedMessage);
    expect(pushed).toBeLessThanOrEqual(headBytes);
  });
});

describe('the lines of a head', () => {
  const linesOf = (pieces: readonly string[]) => {
    let lines: ReceivedLines | null = null;
    const parser = new ResponseParser('GET', {
      headParsed: (head) => {
        lines = head.lines;
      },
      bodyParsed() {},
    });
    for (const piece of pieces) parser.push(Buffer.from(piece, 'latin1'));
    return lines === null ? null : written(lines);
  };

  test('are handed on as they were received', () => {
    const interim = 'HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n';
    const fields = ['Content-Length: 0\r\n', 'x-a: \xe4, b:c\r\n'];
    expect(linesOf([`${OK}${fields.join('')}\r\n`])).toEqual(fields);
    expect(linesOf([`${interim}${OK}${fields.join('')}\r\nmore`])).toEqual(fields);
    expect(linesOf([`${OK}\r\n`])).toEqual([]);
  });

  test.each([
    ['without a space', 'A:b\r\n'],
    ['with two spaces', 'A:  b\r\n'],
    ['with a tab', 'A:\tb\r\n'],
    ['with a space behind', 'A: b \r\n'],
    ['empty', 'A:\r\n'],
    ['of a space alone', 'A:  \r\n'],
    ['folded', 'A: b\r\n c\r\n'],
  ])('are not where a value is written otherwise: %s', (_, line) => {
    expect(linesOf([`${OK}Content-Length: 0\r\n${line}X: y\r\n\r\n`])).toBeNull();
  });

  test('are not where the head came in pieces', () => {
    expect(linesOf([`${OK}A: b\r\n`, 'Content-Length: 0\r\n\r\n'])).toBeNull();
    expect(linesOf([`${OK}A: b\r\nContent-`, 'Length: 0\r\n\r\n'])).toBeNull();
  });
});

describe('a chunk', () => {
  const piecesOf = (pieces: readonly string[]) => {
    const parsed: string[] = [];
    const parser = new ResponseParser('GET', {
      headParsed() {},
      bodyParsed: (bytes) => {
        parsed.push(`data ${Buffer.from(bytes).toString('latin1')}`);
      },
      chunkParsed: (chunk, start, end) => {
        parsed.push(`chunk ${Buffer.from(chunk).toString('latin1', start, end)}`);
      },
    });
    for (const piece of [CHUNKED, ...pieces]) parser.push(Buffer.from(piece, 'latin1'));
    return parsed;
  };

  test('is handed on as it came where a read brought it alone', () => {
    expect(piecesOf(['3\r\nabc\r\n', '0004\r\ndefg\r\n'])).toEqual(['chunk abc', 'chunk defg']);
  });

  test.each([
    ['two in one read', ['1\r\na\r\n2\r\nbc\r\n'], ['data a', 'data bc']],
    ['the last one behind it', ['1\r\na\r\n0\r\n\r\n'], ['data a']],
    ['an extension', ['1;x=y\r\na\r\n'], ['data a']],
    ['a size in two reads', ['1', '0\r\n0123456789abcdef\r\n'], ['data 0123456789abcdef']],
    ['and an extension as long', ['1', '0;\r\n0123456789abcdef\r\n'], ['data 0123456789abcdef']],
    ['its end in another read', ['1\r\na\r', '\n'], ['data a']],
    ['the end of another before it', ['1\r\na', '\r\n1\r\nb\r\n'], ['data a', 'data b']],
  ])('is taken apart otherwise: %s', (_, pieces, expected) => {
    expect(piecesOf(pieces)).toEqual(expected);
  });

  test('that is not ended is refused, where it came alone as well', () => {
    expect(() => piecesOf(['1\r\nab\r\n'])).toThrow(MalformedMessage);
    expect(() => piecesOf(['1\r\na\n\n'])).toThrow(MalformedMessage);
  });
});

describe('at random', () => {
  test('an answer reads back as it was written, in any split', () => {
    fc.assert(
      fc.property(answers, fc.array(fc.nat(400), { maxLength: 12 }), (answer, cuts) => {
        const bytes = write(answer);
        const reading = read(cutAt(bytes, cuts));
        expect(reading.ending).toBe(answer.framing === 'close' ? 'complete at the end' : 'complete');
        expect(reading).toMatchObject({
          status: answer.status,
          statusText: answer.reason,
          body: answer.pieces.join(''),
        });
        expect(reading.headers?.slice(1)).toEqual(answer.headers);
      }),
      { numRuns: 500 },
    );
  });

  test('any bytes at all read the same in one piece and in any split', () => {
    const mutations = fc.array(
      fc.tuple(fc.nat(600), fc.constantFrom('\r', '\n', '\0', ' ', ':', ';', '0', 'f', '\xff')),
      { maxLength: 4 },
    );
    fc.assert(
      fc.property(answers, mutations, fc.array(fc.nat(400), { maxLength: 12 }), (answer, changes, cuts) => {
        let bytes = write(answer);
        for (const [at, char] of changes)
          bytes = bytes.slice(0, at % bytes.length) + char + bytes.slice((at % bytes.length) + 1);
        const { body: bodyInPieces, ...inPieces } = read(cutAt(bytes, cuts));
        const { body, ...whole } = read([bytes]);
        expect(inPieces).toEqual(whole);
        if (whole.ending !== 'refused') expect(bodyInPieces).toBe(body);
      }),
      { numRuns: 1000 },
    );
  });
});

const OK = 'HTTP/1.1 200 OK\r\n';
const CHUNKED = `${OK}Transfer-Encoding: chunked\r\n\r\n`;

interface Reading extends Partial<Omit<ResponseHead, 'length' | 'lines'>> {
  ending: 'complete' | 'complete at the end' | 'cut' | 'refused';
  reason: string | null;
  body: string;
  surplus: number;
}

function read(pieces: readonly string[], method = 'GET'): Reading {
  let head: ResponseHead | null = null;
  let body = '';
  const parser = new ResponseParser(method, {
    headParsed: (parsed) => {
      head = parsed;
      if (parsed.lines !== null) expect(written(parsed.lines)).toEqual(parsed.headers.map(asLine));
    },
    bodyParsed: (bytes) => {
      body += Buffer.from(bytes).toString('latin1');
    },
    chunkParsed: (chunk, start, end) => {
      const text = Buffer.from(chunk).toString('latin1');
      const data = text.slice(start, end);
      // It is what somebody would have written who frames the data in one chunk, but for the spelling of its size.
      expect(text.slice(start)).toBe(`${data}\r\n`);
      expect(text.slice(0, start)).toMatch(/^[0-9A-Fa-f]+\r\n$/);
      expect(Number.parseInt(text, 16)).toBe(data.length);
      body += data;
    },
  });
  const reading = (ending: Reading['ending'], rest: { reason?: string; surplus?: number } = {}): Reading => {
    const { length, lines, ...parts } = head ?? ({ length: 0 } as ResponseHead);
    return { ...parts, body, ending, reason: rest.reason ?? null, surplus: rest.surplus ?? 0 };
  };
  try {
    for (const [index, piece] of pieces.entries()) {
      const taken = parser.push(Buffer.from(piece, 'latin1'));
      if (!parser.complete) continue;
      const rest = pieces.slice(index + 1).join('').length;
      return reading('complete', { surplus: piece.length - taken + rest });
    }
    const cut = parser.finish();
    return cut === null ? reading('complete at the end') : reading('cut', { reason: cut });
  } catch (error) {
    if (!(error instanceof MalformedMessage)) throw error;
    return reading('refused', { reason: error.reason });
  }
}

/** A head's lines, each with its end. */
function written({ text, starts }: ReceivedLines): string[] {
  return starts.slice(1).map((end, index) => text.slice(starts[index], end));
}

function asLine([name, value]: HeaderPairs[number]): string {
  return `${name}: ${value}\r\n`;
}

/** In two pieces at every place, then byte by byte. */
function* splits(bytes: string): Generator<string[]> {
  for (let at = 1; at < bytes.length; at++) yield [bytes.slice(0, at), bytes.slice(at)];
  yield [...bytes];
}

function cutAt(bytes: string, cuts: readonly number[]): string[] {
  const places = [...new Set(cuts.map((cut) => cut % bytes.length))].sort((a, b) => a - b);
  return [0, ...places]
    .map((at, index) => bytes.slice(at, places[index] ?? bytes.length))
    .filter((piece) => piece !== '');
}

interface Answer {
  status: number;
  reason: string;
  headers: [string, string][];
  framing: 'length' | 'chunked' | 'close';
  pieces: string[];
}

const visible = fc.string({ unit: fc.constantFrom(...'abcXYZ019-_=;,"/\xe4\xff'), maxLength: 20 });
const names = fc
  .string({ unit: fc.constantFrom(...'abcXYZ019-_!'), minLength: 1, maxLength: 12 })
  .map((name) => `x${name}`);
const answers: fc.Arbitrary<Answer> = fc.record({
  status: fc.integer({ min: 200, max: 599 }).filter((status) => status !== 204 && status !== 304),
  reason: visible,
  headers: fc.array(fc.tuple(names, visible), { maxLength: 6 }),
  framing: fc.constantFrom('length', 'chunked', 'close'),
  pieces: fc.array(fc.string({ unit: fc.constantFrom(...'ab\r\n0:\0\xff'), minLength: 1, maxLength: 40 }), {
    maxLength: 5,
  }),
});

function write({ status, reason, headers, framing, pieces }: Answer): string {
  const body = pieces.join('');
  const field =
    framing === 'length'
      ? `Content-Length: ${body.length}`
      : framing === 'chunked'
        ? 'Transfer-Encoding: chunked'
        : 'X: y';
  const fields = [field, ...headers.map(([name, value]) => `${name}: ${value}`)].join('\r\n');
  const chunks = pieces.map((piece) => `${piece.length.toString(16)}\r\n${piece}\r\n`).join('');
  return `HTTP/1.1 ${status} ${reason}\r\n${fields}\r\n\r\n${framing === 'chunked' ? `${chunks}0\r\n\r\n` : body}`;
}
