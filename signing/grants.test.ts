import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { decodeGrantToken, encodeGrantToken } from './grantToken.ts';
import {
  grantedUrl,
  parseGrant,
  parseSignedUrl,
  readGrantPath,
  refuseScope,
  sign,
  signGrant,
} from './index.ts';
import type { SignUrlOptions } from './signUrlOptions.ts';

const SIGNED: SignUrlOptions = {
  id: 'my-id',
  secret: 'my-secret',
  host: 'https://gw.example.com',
  proxyUrl: 'https://api.test/v1/',
  expiry: 60,
  method: 'GET',
  methods: ['GET'],
  extensions: { 'X-Sw-Scope': 'prefix' },
};
const queryOf = (changes: Partial<SignUrlOptions> = {}) => {
  const { url } = sign({ ...SIGNED, ...changes });
  return url.slice(url.indexOf('?') + 1);
};
const grantFor = (proxyUrl: string) => parseGrant(encodeGrantToken(queryOf({ proxyUrl })));
const coded = (code: string) => expect.objectContaining({ code });

describe('the path of a grant', () => {
  test('is taken apart at the slash after the token', () => {
    expect(readGrantPath({ path: '/s/abc/chat/completions', query: 'a=b' })).toEqual({
      token: 'abc',
      path: 'chat/completions',
      query: 'a=b',
    });
    expect(readGrantPath({ path: '/s/abc/', query: '' })).toEqual({ token: 'abc', path: '', query: '' });
    expect(readGrantPath({ path: '/s/abc//evil.test/x', query: '' })?.path).toBe('/evil.test/x');
    expect(readGrantPath({ path: '/gw/s/abc/x', query: '' }, '/gw')?.path).toBe('x');
  });

  test.each(['/', '/s', '/s/', '/s/abc', '/S/abc/', '/x/s/abc/', '//s/abc/', '/s%2fabc/'])(
    'is not %s',
    (path) => {
      expect(readGrantPath({ path, query: '' })).toBeNull();
    },
  );

  test('is not the one at the root where the gateway has a base path', () => {
    expect(readGrantPath({ path: '/s/abc/x', query: '' }, '/gw')).toBeNull();
  });
});

describe('the token of a grant', () => {
  test('is decoded to what it was made of', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'AZaz09-._~%&=+;/?!$') }), (query) => {
        expect(decodeGrantToken(encodeGrantToken(query))).toBe(query);
      }),
    );
  });

  test('has one spelling: no text of the alphabet that differs decodes to the same', () => {
    const token = encodeGrantToken(queryOf());
    const query = decodeGrantToken(token);
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    for (const last of alphabet) {
      const other = token.slice(0, -1) + last;
      if (other !== token) expect(decodeGrantToken(other)).not.toBe(query);
    }
  });

  test.each([
    ['padding', (token: string) => `${token}=`],
    ['padding that would be right', () => `${encodeGrantToken('a')}==`],
    ['white space', (token: string) => ` ${token}`],
    ['a line break', (token: string) => `${token}\n`],
    ['a character of the other alphabet', (token: string) => `${token}+/+/`],
    ['a percent sign', (token: string) => `%${token}`],
    [
      'one character more',
      (token: string) => `${token}${token.length % 4 === 0 ? 'A' : 'AAAAA'.slice(token.length % 4)}`,
    ],
    ['bits at the end that are not zero', () => 'YR'],
    ['a control character', () => encodeGrantToken('X-Sw-A=\u0001')],
    ['a byte that is not ASCII', () => encodeGrantToken('X-Sw-A=\u00e9')],
    ['a fragment', () => encodeGrantToken('X-Sw-A=#')],
  ])('is refused with %s', (_, spoil) => {
    const token = spoil(encodeGrantToken(queryOf()));
    expect(decodeGrantToken(token)).toBeUndefined();
    expect(() => parseGrant(token)).toThrow(coded('invalid_parameter'));
  });
});

describe('a grant', () => {
  test('is parsed as the signed URL that it holds', () => {
    expect(parseGrant(encodeGrantToken(queryOf()))).toEqual(parseSignedUrl(queryOf()));
  });

  test.each([
    ['nothing', () => ''],
    ['a parameter that is not the protocol’s', () => `${queryOf()}&a=b`],
    ['a parameter in lower case', () => `${queryOf()}&x-sw-scope=prefix`],
    ['a trailing &', () => `${queryOf()}&`],
    ['no scope', () => queryOf({ extensions: {} })],
    ['another scope', () => queryOf({ extensions: { 'X-Sw-Scope': 'Prefix' } })],
    ['no methods', () => queryOf({ extensions: { 'X-Sw-Scope': 'prefix' }, methods: undefined as never })],
    ['a signed body', () => queryOf({ body: '' })],
    ['an upstream that does not end in a slash', () => queryOf({ proxyUrl: 'https://api.test/v1' })],
    ['an upstream without a path as it was sent', () => queryOf().replace('api.test%2Fv1%2F', 'api.test')],
    ['an upstream with a query', () => queryOf({ proxyUrl: 'https://api.test/v1/?a=/' })],
    ['an upstream with an empty query', () => queryOf().replace('v1%2F', 'v1%2F%3F')],
    ['an upstream with a fragment', () => queryOf().replace('v1%2F', 'v1%2F%23%2F')],
  ])('is refused with %s', (_, query) => {
    expect(() => parseGrant(encodeGrantToken(query()))).toThrow(coded('invalid_parameter'));
  });

  test('has its faults named in the order of a signed URL', () => {
    expect(() => parseGrant(encodeGrantToken(`${queryOf()}&X-Sw-Scope=prefix`))).toThrow(
      coded('duplicate_parameter'),
    );
    expect(() => parseGrant(encodeGrantToken('X-Sw-Scope=prefix'))).toThrow(coded('missing_parameter'));
  });

  test('is refused as a signed URL', () => {
    expect(() => refuseScope(parseSignedUrl(queryOf()))).toThrow(coded('invalid_parameter'));
    expect(() => refuseScope(parseSignedUrl(queryOf({ extensions: {} })))).not.toThrow();
  });
});

describe('the URL that a grant opens', () => {
  const open = (path: string, query = '', prefix = 'https://api.test/v1/') =>
    grantedUrl(grantFor(prefix), { path, query }).href;

  test.each([
    ['', '', 'https://api.test/v1/'],
    ['chat/completions', '', 'https://api.test/v1/chat/completions'],
    ['a b'.replace(' ', '%20'), 'q=%2F%2e%25', 'https://api.test/v1/a%20b?q=%2F%2e%25'],
    ['models/m:generate', 'alt=sse&?', 'https://api.test/v1/models/m:generate?alt=sse&?'],
    ['/evil.test/x', '', 'https://api.test/v1//evil.test/x'],
    ['//evil.test', '', 'https://api.test/v1///evil.test'],
    ['https://evil.test/', '', 'https://api.test/v1/https://evil.test/'],
    ['@evil.test/', '', 'https://api.test/v1/@evil.test/'],
    [':80@evil.test', '', 'https://api.test/v1/:80@evil.test'],
    ['a/../b', '', 'https://api.test/v1/b'],
    ['a;b/c..;d/...;e/;f', 'q=/..;/', 'https://api.test/v1/a;b/c..;d/...;e/;f?q=/..;/'],
    ['x', 'xx-sw-proxy=1&y=X-Sw-Proxy', 'https://api.test/v1/x?xx-sw-proxy=1&y=X-Sw-Proxy'],
  ])('is its prefix with %j and %j appended', (path, query, url) => {
    expect(open(path, query)).toBe(url);
  });

  test.each([
    ['/evil.test/', 'https://api.test//evil.test/'],
    ['.evil.test/', 'https://api.test/.evil.test/'],
    ['@evil.test/', 'https://api.test/@evil.test/'],
    [':8080/', 'https://api.test/:8080/'],
  ])('keeps its origin below the root, with %j appended', (path, url) => {
    expect(open(path, '', 'https://api.test/')).toBe(url);
  });

  test.each([
    '..',
    '../',
    '../v1',
    '../v2/x',
    'a/../../x',
    '..%2fx',
    '%2e%2e/x',
    '%2E./x',
    'a%2eb',
    'a%2fb',
    'a%2Fb',
    'a%5cb',
    'a%5Cb',
    'a%252fb',
    '%25',
    '..;/x',
    'a/..;/..;b=c/x',
    '..;',
    '.;/x',
    '..%3B/x',
    'a\\b',
    '..\\x',
    'a#b',
    'a?b#c',
    'a b',
    'a\tb',
    'a\n',
    'é',
    '\u0000',
  ])('is none for the path %j', (path) => {
    expect(() => open(path)).toThrow(coded('path_not_allowed'));
  });

  test.each([
    'X-Sw-Proxy=https://evil.test/',
    'a=b&X-Sw-Methods=PUT',
    'x-sw-proxy=a',
    'X-SW-Scope',
    '%58-Sw-Proxy=a',
    'X%2dSw-Proxy=a',
    '%78%2D%73%77%2D=a',
    '%2558-Sw-Proxy=a',
    '%25%35%38-Sw-Proxy=a',
    '%%35%%338-Sw-Proxy=a',
    '%zz&%58-Sw-Proxy=a',
    'X-Sw-=a',
    'X-Sw-%zz=a',
    'a b',
    'é',
    '#',
  ])('is none for the query %j', (query) => {
    expect(() => open('x', query)).toThrow(coded('path_not_allowed'));
  });

  test('is none for a parameter that is encoded a thousand times', () => {
    const query = `%${'25'.repeat(1000)}58-Sw-Proxy=a`;
    expect(() => open('x', query)).toThrow(coded('path_not_allowed'));
  });

  test('never leaves its prefix, whatever is appended', () => {
    const pieces = [
      '..',
      '.',
      '/',
      '\\',
      '//',
      'a',
      '%2f',
      '%2e',
      '%25',
      '@',
      ':',
      '?',
      '#',
      ';',
      '&',
      'é',
      ' ',
      'x-sw-',
      '=',
    ];
    const text = fc.array(fc.constantFrom(...pieces), { maxLength: 8 }).map((parts) => parts.join(''));
    const prefix = fc.constantFrom('https://api.test/', 'https://api.test/v1/', 'http://127.0.0.1:81/a//b/');
    let opened = 0;
    fc.assert(
      fc.property(prefix, text, text, (proxyUrl, path, query) => {
        const grant = grantFor(proxyUrl);
        try {
          const url = grantedUrl(grant, { path, query });
          opened++;
          expect(url.href).toStartWith(proxyUrl);
          const { username, password, hash } = new URL(url.href);
          expect(username + password + hash).toBe('');
        } catch (error) {
          expect(error).toMatchObject({ code: 'path_not_allowed' });
        }
      }),
      { numRuns: 1000 },
    );
    expect(opened).toBeGreaterThan(100);
  });

  test('appends to the prefix as it was signed', () => {
    const signed = signGrant({ ...SIGNED, methods: ['GET'], proxyUrl: 'HTTPS://API.test:443/a/../v1/' });
    const { token } = readGrantPath({ path: new URL(signed).pathname, query: '' })!;
    expect(grantedUrl(parseGrant(token), { path: 'x', query: '' }).href).toBe('https://api.test/v1/x');
  });
});
