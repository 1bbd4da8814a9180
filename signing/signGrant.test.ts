import { describe, expect, test } from 'bun:test';
import { parseGrant, readGrantPath, type SignGrantOptions, SigningError, signGrant } from './index.ts';
import extensions from './vectors/extensions.json';

const OPTIONS: SignGrantOptions = {
  id: 'my-id',
  secret: 'my-secret',
  host: 'https://gw.example.com',
  proxyUrl: 'https://api.openai.com/v1/',
  methods: ['GET', 'POST'],
  expiry: 600,
  date: '20261124T101500Z',
};

const grantOf = (baseUrl: string) =>
  parseGrant(readGrantPath({ path: new URL(baseUrl).pathname, query: '' })!.token);

describe('signGrant', () => {
  test('signs the vector "prefix grant"', () => {
    const vector = extensions.vectors.find(({ name }) => name === 'prefix grant')!;
    expect(signGrant({ ...OPTIONS, subject: 'user:42' })).toBe(vector.baseUrl!);
  });

  test('signs what it is given, and a gateway reads it back', () => {
    const grant = grantOf(
      signGrant({ ...OPTIONS, headers: { 'X-Tenant': '7' }, nonce: 'n', uses: 3, bodySchema: 'chat' }),
    );
    expect(grant).toMatchObject({
      appId: 'my-id',
      expires: 600,
      signedHeaders: ['x-tenant'],
      signsBody: false,
      extensions: ['X-Sw-BodySchema', 'X-Sw-Methods', 'X-Sw-Nonce', 'X-Sw-Scope', 'X-Sw-Uses'],
    });
    expect(grant.upstream.href).toBe('https://api.openai.com/v1/');
  });

  test('is below the base path of the gateway it is for', () => {
    expect(signGrant({ ...OPTIONS, host: 'https://gw.example.com/gw' })).toStartWith(
      'https://gw.example.com/gw/s/',
    );
  });

  test.each([
    ['proxyUrl', { proxyUrl: 'https://api.openai.com' }],
    ['proxyUrl', { proxyUrl: 'https://api.openai.com/v1' }],
    ['proxyUrl', { proxyUrl: 'https://api.openai.com/v1/?' }],
    ['proxyUrl', { proxyUrl: 'https://api.openai.com/?a=/' }],
    ['proxyUrl', { proxyUrl: 'https://api.openai.com/#/' }],
    ['proxyUrl', { proxyUrl: 'ftp://api.openai.com/' }],
    ['proxyUrl', { proxyUrl: undefined }],
    ['methods', { methods: undefined }],
    ['methods', { methods: [] }],
    ['methods', { methods: ['*'] }],
    ['body', { body: 'a' }],
    ['secret', { secret: '' }],
    ['extensions', { extensions: new Map([['X-Sw-Nonce', 'a']]) }],
  ])('refuses a grant without a good %s: %j', (option, options) => {
    const attempt = () => signGrant({ ...OPTIONS, ...(options as Partial<SignGrantOptions>) });
    expect(attempt).toThrow(SigningError);
    expect(attempt).toThrow(expect.objectContaining({ option }));
  });
});
