import { describe, expect, test } from 'bun:test';
import { checkValidity } from './checkValidity.ts';
import { parseSignedUrl } from './parseSignedUrl.ts';
import { Refusal } from './refusal.ts';
import { signUrl } from './signUrl.ts';

const url = signUrl({
  id: 'my-id',
  secret: 'my-secret',
  host: 'http://localhost:3000',
  proxyUrl: 'https://api.example.com/v1',
  expiry: 60,
  method: 'POST',
  headers: { 'X-Foo': 'foo' },
  date: '20261124T101500Z',
});
const query = url.slice(url.indexOf('?') + 1);

/** The query with the raw value of one parameter replaced. */
function having(name: string, rawValue: string): string {
  return query.replace(new RegExp(`(X-Sw-${name}=)[^&]*`), (_, start) => start + rawValue);
}

function codeOf(parse: () => unknown): string {
  try {
    parse();
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
  return 'parsed';
}

describe('parseSignedUrl', () => {
  test('reads what the signer wrote', () => {
    expect(parseSignedUrl(query)).toMatchObject({
      appId: 'my-id',
      timestamp: '20261124T101500Z',
      signedAt: Date.UTC(2026, 10, 24, 10, 15),
      expires: 60,
      signedHeaders: ['x-foo'],
      signsBody: false,
      extensions: [],
    });
  });

  test('ignores parameters of others, whatever their form', () => {
    expect(parseSignedUrl(`&&utm=1&x-sw-proxy=https://evil.test/&a=%zz&=&${query}&last`).upstream.host).toBe(
      'api.example.com',
    );
  });

  test.each([
    ['Signature', query.slice(-63), 'signature_mismatch'],
    ['Signature', `${query.slice(-64)}0`, 'signature_mismatch'],
    ['Signature', query.slice(-64).toUpperCase(), 'signature_mismatch'],
    ['Signature', 'z'.repeat(64), 'signature_mismatch'],
    ['Signature', '', 'signature_mismatch'],
    ['Signature', `${query.slice(-64)}%0A`, 'signature_mismatch'],
    ['Signature', '%zz', 'invalid_parameter'],
    ['Algorithm', 'sw1-hmac-sha256', 'unsupported_algorithm'],
    ['Algorithm', '%FF', 'invalid_parameter'],
    ['Credential', 'my-id%0A%2F20261124', 'invalid_parameter'],
    ['Credential', 'a%2Fb%2F20261124', 'invalid_parameter'],
    ['Credential', '%C0%AF%2F20261124', 'invalid_parameter'],
    ['Expires', '%2B60', 'invalid_parameter'],
    ['Expires', '6e1', 'invalid_parameter'],
    ['Expires', '0x3c', 'invalid_parameter'],
    ['Expires', '+60', 'invalid_parameter'],
    ['Expires', '', 'invalid_parameter'],
    ['Expires', '0060', 'invalid_parameter'],
    ['Expires', '-1', 'invalid_parameter'],
    ['Expires', '4294967296', 'invalid_parameter'],
    ['Expires', '%D9%A6%D9%A0', 'invalid_parameter'],
    ['Proxy', 'https%3A%2F%2Fa%0Ab', 'invalid_parameter'],
    ['Proxy', 'https%3A%2F%2Fa%09b', 'invalid_parameter'],
    ['Proxy', 'https%3A%2F%2Fa.test%2Fb+c', 'invalid_parameter'],
    ['Proxy', 'https%3A%2F%2Fa.test%5Cb', 'invalid_parameter'],
    ['Proxy', 'https%3A%2F%2Fa.test%2F%23b', 'invalid_parameter'],
    ['Proxy', 'https%3A%2F%2F%40a.test%2F', 'invalid_parameter'],
    ['Proxy', 'https%3A%2F%2Fapi.openai.com%40evil.test%2F', 'invalid_parameter'],
    ['Proxy', 'https%3Aa.test', 'invalid_parameter'],
    ['Proxy', 'https%3A%2F%2F%2Fa.test', 'invalid_parameter'],
    ['Proxy', '%2F%2Fa.test', 'invalid_parameter'],
    ['Proxy', 'data%3A%2Cx', 'invalid_parameter'],
    ['Proxy', 'https%3A%2F%2Fa.test%3A99999%2F', 'invalid_parameter'],
    ['SignedHeaders', 'host%3Bhost', 'invalid_parameter'],
    ['SignedHeaders', 'HOST', 'invalid_parameter'],
    ['SignedHeaders', '%3Bhost', 'invalid_parameter'],
    ['SignedHeaders', 'host%3B', 'invalid_parameter'],
    ['SignedHeaders', 'a+b', 'invalid_parameter'],
    ['Body', 'TRUE', 'invalid_parameter'],
    ['Body', '', 'invalid_parameter'],
    ['Date', '20260230T000000Z', 'invalid_parameter'],
    ['Date', '20261124T246000Z', 'invalid_parameter'],
  ])('refuses X-Sw-%s=%s with %s', (name, rawValue, code) => {
    expect(codeOf(() => parseSignedUrl(having(name, rawValue)))).toBe(code);
  });

  test.each([
    [`${query}&%58-Sw-Proxy=a`, 'invalid_parameter'],
    [`${query}&X-Sw-=a`, 'invalid_parameter'],
    [`${query}&X-Sw-%50roxy=a`, 'invalid_parameter'],
    [`${query}&X-Sw-A1=a`, 'invalid_parameter'],
    [`${query}&a%zz=1`, 'invalid_parameter'],
    [`${query}&X-Sw-Nonce=%zz`, 'invalid_parameter'],
    [`${query}&X-Sw-Nonce=%ED%A0%80`, 'invalid_parameter'],
    [`${query}&X-Sw-Proxy=https://evil.test/`, 'duplicate_parameter'],
    ['', 'missing_parameter'],
  ])('refuses the query %s', (bad, code) => {
    expect(codeOf(() => parseSignedUrl(bad))).toBe(code);
  });

  test('names the first fault in the order of the checks', () => {
    const faults = [
      '%58-Sw-A=1',
      'X-Sw-Nonce=a&X-Sw-Nonce=b',
      'X-Sw-Algorithm=none&X-Sw-Credential=/&X-Sw-Date=x&X-Sw-Expires=x&X-Sw-Proxy=x&X-Sw-SignedHeaders=X&X-Sw-Body=x',
      'X-Sw-Signature=x',
    ];
    expect(codeOf(() => parseSignedUrl(faults.join('&')))).toBe('invalid_parameter');
    expect(codeOf(() => parseSignedUrl(faults.slice(1).join('&')))).toBe('duplicate_parameter');
    expect(codeOf(() => parseSignedUrl(faults[2]!))).toBe('missing_parameter');
    expect(codeOf(() => parseSignedUrl(faults.slice(2).join('&')))).toBe('unsupported_algorithm');
    expect(codeOf(() => parseSignedUrl(having('Body', 'x').replace(/.$/, 'x')))).toBe('invalid_parameter');
  });
});

test('reads a query of two million parameters of others in time that grows with its length alone', () => {
  // Looking for each parameter's = in all that follows would take minutes.
  expect(parseSignedUrl(`${'&'.repeat(2_000_000)}${query}`).appId).toBe('my-id');
  expect(codeOf(() => parseSignedUrl('&'.repeat(2_000_000)))).toBe('missing_parameter');
}, 30_000);

describe('checkValidity', () => {
  const parsed = parseSignedUrl(query);
  const signedAt = parsed.signedAt;

  test('accepts up to the very end and refuses a millisecond later', () => {
    expect(() => checkValidity(parsed, signedAt + 60_000)).not.toThrow();
    expect(codeOf(() => checkValidity(parsed, signedAt + 60_001))).toBe('expired');
  });

  test('accepts up to the skew ahead and refuses a millisecond more', () => {
    expect(() => checkValidity(parsed, signedAt - 300_000)).not.toThrow();
    expect(codeOf(() => checkValidity(parsed, signedAt - 300_001))).toBe('not_yet_valid');
  });

  test('does not overflow at the last date with the longest expiry', () => {
    const last = having('Date', '99991231T235959Z')
      .replace(/20261124/, '99991231')
      .replace('Expires=60', 'Expires=4294967295');
    const limits = { maxExpiry: 4_294_967_295, clockSkew: 300 };
    expect(codeOf(() => checkValidity(parseSignedUrl(last), signedAt, limits))).toBe('not_yet_valid');
    expect(codeOf(() => checkValidity(parseSignedUrl(last), signedAt))).toBe('expiry_too_long');
    const year1 = having('Date', '00010101T000000Z').replace(/20261124/, '00010101');
    expect(codeOf(() => checkValidity(parseSignedUrl(year1), signedAt))).toBe('expired');
  });

  test('refuses everything when the clock or a limit is no number, instead of letting everything in', () => {
    const limits = { maxExpiry: 604_800, clockSkew: 300 };
    expect(codeOf(() => checkValidity(parsed, Number.NaN))).toBe('not_yet_valid');
    expect(codeOf(() => checkValidity(parsed, signedAt, { ...limits, maxExpiry: Number.NaN }))).toBe(
      'expiry_too_long',
    );
    expect(codeOf(() => checkValidity(parsed, signedAt, { ...limits, clockSkew: Number.NaN }))).toBe(
      'not_yet_valid',
    );
  });
});
