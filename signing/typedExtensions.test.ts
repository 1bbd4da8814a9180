import { describe, expect, test } from 'bun:test';
import { parseMethods, parseSignedUrl, parseUses, SigningError, type SignUrlOptions, sign } from './index.ts';
import extensions from './vectors/extensions.json';

const BASE = {
  id: 'my-id',
  secret: 'my-secret',
  host: 'https://gw.example.com',
  proxyUrl: 'https://api.openai.com/v1/chat/completions',
  expiry: 600,
  method: 'POST',
  date: '20261124T101500Z',
} as const satisfies SignUrlOptions;

describe('the options of the extensions', () => {
  test.each([
    ['single use', { nonce: 'k3J_9-a' }],
    ['three uses for a subject', { nonce: 'k3J_9-b', uses: 3, subject: 'user:42' }],
    [
      'body schema',
      {
        bodySchema: {
          properties: { model: { const: 'gpt-4o-mini' }, max_tokens: { maximum: 256 } },
          required: ['model', 'max_tokens'],
        },
      },
    ],
    ['body schema by name', { bodySchema: 'chat-mini' }],
    ['methods', { methods: ['GET', 'POST'] }],
  ] as [string, Partial<SignUrlOptions>][])('sign the vector "%s"', (name, options) => {
    const vector = extensions.vectors.find((each) => each.name === name)!;
    const signed = sign({ ...BASE, ...options });
    expect(signed.canonicalRequest).toBe(vector.canonicalRequest);
    expect(signed.stringToSign).toBe(vector.stringToSign);
    expect(signed.url).toBe(vector.signedUrl);
  });

  test.each([
    ['nonce', { nonce: '' }],
    ['nonce', { nonce: 'a'.repeat(129) }],
    ['nonce', { nonce: 'a b' }],
    ['nonce', { nonce: 'ä' }],
    ['nonce', { nonce: 12 }],
    ['uses', { uses: 2 }],
    ['uses', { nonce: 'a', uses: 0 }],
    ['uses', { nonce: 'a', uses: 1.5 }],
    ['uses', { nonce: 'a', uses: 2 ** 31 }],
    ['uses', { nonce: 'a', uses: '2' }],
    ['subject', { subject: '' }],
    ['subject', { subject: 'a'.repeat(129) }],
    ['subject', { subject: 'a\tb' }],
    ['subject', { subject: 'ä' }],
    ['bodySchema', { bodySchema: 'not a name' }],
    ['bodySchema', { bodySchema: '{"a":' }],
    ['bodySchema', { bodySchema: ['a'] }],
    ['bodySchema', { bodySchema: { description: 'a'.repeat(2048) } }],
    ['methods', { methods: [] }],
    ['methods', { methods: ['*'] }],
    ['methods', { methods: ['get'] }],
    ['methods', { methods: ['GET', 'GET'] }],
    ['methods', { methods: ['GET;POST'] }],
    ['methods', { methods: 'GET' }],
    ['extensions', { nonce: 'a', extensions: { 'X-Sw-Nonce': 'b' } }],
  ])('refuse a %s that no gateway would take: %j', (option, options) => {
    const attempt = () => sign({ ...BASE, ...(options as Partial<SignUrlOptions>) });
    expect(attempt).toThrow(SigningError);
    expect(attempt).toThrow(expect.objectContaining({ option }));
  });

  test('take the longest of everything', () => {
    const longest = {
      nonce: 'a'.repeat(128),
      uses: 2 ** 31 - 1,
      subject: '~'.repeat(128),
      bodySchema: { description: 'a'.repeat(2048 - '{"description":""}'.length) },
    };
    const { url } = sign({ ...BASE, ...longest });
    const { extensions: names } = parseSignedUrl(url.slice(url.indexOf('?') + 1));
    expect(names).toEqual(['X-Sw-BodySchema', 'X-Sw-Nonce', 'X-Sw-Subject', 'X-Sw-Uses']);
  });
});

describe('the values of extensions', () => {
  test.each(['', '0', '-1', '+1', '01', '1e3', '1.0', ' 1', '1 ', '2147483648', '99999999999', 'NaN', '１'])(
    'uses are not %j',
    (text) => {
      expect(parseUses(text)).toBeUndefined();
    },
  );

  test('uses are 1 to 2147483647', () => {
    expect([parseUses('1'), parseUses('2147483647')]).toEqual([1, 2147483647]);
  });

  test.each([
    '',
    ';',
    'GET;',
    ';GET',
    'GET;;POST',
    'get',
    'GET;GET',
    '*',
    'GET;*',
    'GET POST',
    'GET,POST',
    'GÉT',
  ])('methods are not %j', (value) => {
    expect(parseMethods(value)).toBeUndefined();
  });

  test('methods keep their order', () => {
    expect(parseMethods('POST;GET;M-SEARCH')).toEqual(['POST', 'GET', 'M-SEARCH']);
  });
});
