import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { PARAMETER_NAME, PARAMETERS } from './parameters.ts';
import { parseAnyUrl, parseSignedUrl, parseUsualUrl, type ValueReading } from './parseSignedUrl.ts';
import { Refusal } from './refusal.ts';
import type { SignedUrl } from './signedUrl.ts';
import { signUrl } from './signUrl.ts';
import type { SignUrlOptions } from './signUrlOptions.ts';

const SIGNED = signUrl({
  id: 'my id',
  secret: 'my-secret',
  host: 'http://localhost:3000',
  proxyUrl: 'https://api.example.com/v1?a=b',
  expiry: 60,
  method: 'POST',
  headers: { 'x-foo': 'foo', 'x-bar': 'bar' },
  extensions: { 'X-Sw-Nonce': 'n', 'X-Sw-Subject': 'a b' },
  date: '20261124T101500Z',
});
const PAIRS = SIGNED.slice(SIGNED.indexOf('?') + 1).split('&');

const junk = fc.constantFrom(
  '',
  '=',
  'a',
  'a=1',
  'x-sw-proxy=https%3A%2F%2Fevil.test',
  '__proto__=1',
  'utm=%zz',
  '=X-Sw-Date=1',
);
/** A signed query with its pairs in any order, some dropped, some twice, others' parameters between. */
const queries = fc
  .tuple(
    fc.shuffledSubarray(PAIRS, { minLength: PAIRS.length - 1 }),
    fc.array(fc.tuple(fc.nat(), fc.oneof({ weight: 4, arbitrary: junk }, fc.constantFrom(...PAIRS))), {
      maxLength: 4,
    }),
  )
  .map(([pairs, others]) => {
    const all = [...pairs];
    for (const [at, other] of others) all.splice(at % (all.length + 1), 0, other);
    return all.join('&');
  });

function outcome(parse: () => SignedUrl): SignedUrl | string {
  try {
    return parse();
  } catch (error) {
    if (error instanceof Refusal) return `${error.code}: ${error.message}`;
    throw error;
  }
}

test('parameters in any order, among others, are found as splitting the whole query finds them', () => {
  fc.assert(
    fc.property(queries, (query) => {
      const found = query.split('&').flatMap((pair) => {
        const name = pair.split('=', 1)[0]!;
        return PARAMETER_NAME.test(name) ? [[name, pair.slice(name.length + 1)] as const] : [];
      });
      const names = found.map(([name]) => name);
      const url = outcome(() => parseSignedUrl(query));
      if (new Set(names).size < names.length) {
        const twice = names.find((name, index) => names.indexOf(name) < index);
        expect(url).toBe(`duplicate_parameter: ${twice} is given more than once`);
        return;
      }
      const missing = PARAMETERS.find((name) => !names.includes(name));
      if (missing !== undefined) {
        expect(url).toBe(`missing_parameter: ${missing} is missing`);
        return;
      }
      const sorted = found
        .filter(([name]) => name !== 'X-Sw-Signature')
        .map(([name, raw]) => [name, decodeURIComponent(raw)] as [string, string])
        .sort(([a], [b]) => (a < b ? -1 : 1));
      const parsed = url as SignedUrl;
      expect([...parsed.parameters].sort(([a], [b]) => (a < b ? -1 : 1))).toEqual(sorted);
      expect(parsed.strictQuery).toBe(
        sorted.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&'),
      );
    }),
    { numRuns: 1000 },
  );
});

test('what was remembered of other queries changes nothing, whichever parameter a value stood in', () => {
  const values = PAIRS.map((pair) => pair.slice(pair.indexOf('=') + 1));
  const swaps = fc.array(
    fc.tuple(fc.nat(), fc.constantFrom(...values, 'https%3a%2F%2Fa.test%2f', '%zz', '+')),
    {
      maxLength: 2,
    },
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(queries, swaps), { minLength: 2, maxLength: 5 }), (sequence) => {
      const memo = new Map<string, ValueReading>();
      for (const [query, swapped] of sequence) {
        const pairs = query.split('&');
        for (const [at, value] of swapped) {
          const index = at % pairs.length;
          pairs[index] = `${pairs[index]!.split('=', 1)[0]}=${value}`;
        }
        const changed = pairs.join('&');
        expect(outcome(() => parseSignedUrl(changed, memo))).toEqual(outcome(() => parseSignedUrl(changed)));
      }
    }),
    { numRuns: 500 },
  );
});

describe('the usual spelling', () => {
  const usual = (options: Partial<SignUrlOptions> = {}) => {
    const url = signUrl({
      id: 'my-app_1.0~',
      secret: 'my-secret',
      host: 'http://localhost:3000',
      proxyUrl: 'https://api.example.com/v1?a=b',
      expiry: 60,
      method: 'POST',
      date: '20261124T101500Z',
      ...options,
    });
    return url.slice(url.indexOf('?') + 1);
  };
  const remembering = () => {
    const memo = new Map<string, ValueReading>();
    parseSignedUrl(usual(), memo);
    return memo;
  };

  test.each([
    ['without signed headers', {}],
    ['with one', { headers: { 'content-type': 'a' } }],
    ['with two, and a signed body', { headers: { 'content-type': 'a' }, body: 'x' }],
    ['good for no time', { expiry: 0 }],
  ])('is read in one step, for an upstream that was read before: %s', (_, options) => {
    const query = usual(options);
    const read = parseUsualUrl(query, remembering());
    expect(read).not.toBeNull();
    expect(read).toEqual(parseAnyUrl(query, new Map()));
    expect(read!.parameters).toEqual(parseAnyUrl(query, new Map()).parameters);
    expect(parseUsualUrl(query, new Map())).toBeNull();
  });

  test('is not that of an upstream that was read before, but written otherwise', () => {
    const query = usual().replace('https%3A', 'https%3a');
    const memo = new Map<string, ValueReading>();
    const read = parseSignedUrl(query, memo);
    expect(parseUsualUrl(query, memo)).toBeNull();
    expect(parseSignedUrl(query, memo)).toEqual(read);
  });

  test('is never taken for another', () => {
    const values = fc.constantFrom(
      ...['my-app', 'a%2Fb', 'my%20app', 'a+b', 'a%2fb', '%C3%A9', '', 'a/b', '%00'],
      ...['20261124', '20261125', '2026112', '20261124T101500Z', '20261124T101560Z', '20261332T101500Z'],
      ...['0', '060', '4294967295', '4294967296', '9999999999', '1e3', '-1'],
      ...['https%3A%2F%2Fapi.example.com%2Fv1%3Fa%3Db', 'https%3a%2F%2Fapi.example.com%2Fv1%3Fa%3Db', 'x'],
      ...['content-type', 'Content-Type', 'a%3Bb', 'a%3Bb%3Ba', 'a%3B', '%3Ba', 'a%3bb', 'a;b', 'a b'],
      ...['true', 'false', 'True'],
      ...[
        'f'.repeat(64),
        'F'.repeat(64),
        'f'.repeat(63),
        '&X-Sw-Nonce=n',
        '&a=b',
        '&X-Sw-Body=true',
        '\n',
        '=',
      ],
    );
    const changes = fc.array(fc.tuple(fc.nat(7), values, fc.boolean()), { maxLength: 3 });
    let taken = 0;
    fc.assert(
      fc.property(changes, (list) => {
        const pairs = usual()
          .split('&')
          .map((pair) => pair.split('=') as [string, string]);
        for (const [at, value, isAdded] of list) pairs[at]![1] = isAdded ? pairs[at]![1] + value : value;
        const query = pairs.map(([name, value]) => `${name}=${value}`).join('&');
        const memo = remembering();
        const read = parseUsualUrl(query, memo);
        if (read === null) return;
        taken++;
        const other = outcome(() => parseAnyUrl(query, memo));
        expect(read).toEqual(other as SignedUrl);
        expect(read.parameters).toEqual((other as SignedUrl).parameters);
      }),
      { numRuns: 3000 },
    );
    expect(taken).toBeGreaterThan(100);
  });
});
