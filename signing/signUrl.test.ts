import { describe, expect, test } from 'bun:test';
import { sign, signUrl } from './signUrl.ts';
import { SigningError, type SignUrlOptions } from './signUrlOptions.ts';
import extensions from './vectors/extensions.json';
import plain from './vectors/sign.json';

const options: SignUrlOptions = {
  id: 'my-id',
  secret: 'my-secret',
  host: 'http://localhost:3000',
  proxyUrl: 'https://api.example.com/v1',
  expiry: 60,
  method: 'POST',
  date: '20261124T101500Z',
};

describe.each([...plain.vectors, ...extensions.vectors])('vector $name', (vector) => {
  const input = vector.input as SignUrlOptions & { body?: string };
  const signed = sign(input);

  test('canonical request', () => {
    expect(signed.canonicalRequest + (input.body ?? '')).toBe(vector.canonicalRequest);
  });
  test('string to sign', () => {
    expect(signed.stringToSign).toBe(vector.stringToSign);
  });
  test('signature', () => {
    expect(vector.signedUrl).toEndWith(`&X-Sw-Signature=${signed.signature}`);
  });
  test('signed URL', () => {
    expect(signUrl(input)).toBe(vector.signedUrl);
  });
});

describe('signUrl', () => {
  test('never changes its arguments', () => {
    const headers = Object.freeze({ 'Content-Type': 'text/plain' });
    const frozen = Object.freeze({
      ...options,
      headers,
      extensions: Object.freeze({ 'X-Sw-Nonce': 'n' }),
      body: 'é',
    });
    expect(signUrl(frozen)).toBe(signUrl(frozen));
  });

  test('signs a body of bytes as it signs the same text, and counts bytes', () => {
    const text = sign({ ...options, body: '¿Qué?' });
    expect(sign({ ...options, body: new TextEncoder().encode('¿Qué?') }).url).toBe(text.url);
    expect(text.canonicalRequest).toContain('\ncontent-length:7\n');
  });

  test('signs the time it is called at unless told another', () => {
    const before = Math.floor(Date.now() / 1000) * 1000;
    const { date: _, ...now } = options;
    const stamp = new URL(signUrl(now)).searchParams.get('X-Sw-Date')!;
    const signedAt = Date.parse(stamp.replace(/(....)(..)(..)T(..)(..)(..)Z/, '$1-$2-$3T$4:$5:$6Z'));
    expect(signedAt).toBeGreaterThanOrEqual(before);
    expect(signedAt).toBeLessThanOrEqual(Date.now());
  });

  test('takes a Date as it takes its text', () => {
    expect(signUrl({ ...options, date: new Date('2026-11-24T10:15:00.999Z') })).toBe(signUrl(options));
  });

  test('signs "/" for a host with a base path, which a gateway mounted there accepts', () => {
    const signed = sign({ ...options, host: 'https://gw.example.com/gw' });
    expect(signed.url).toStartWith('https://gw.example.com/gw/?X-Sw-Algorithm=');
    expect(signed.canonicalRequest).toStartWith('POST\n/\n');
  });

  test.each<[keyof SignUrlOptions, Partial<SignUrlOptions>]>([
    ['id', { id: '' }],
    ['id', { id: 'a/b' }],
    ['id', { id: 'a\nb' }],
    ['secret', { secret: '' }],
    ['host', { host: 'gw.example.com' }],
    ['host', { host: 'https://gw.example.com/?a=1' }],
    ['host', { host: 'https://user@gw.example.com' }],
    ['proxyUrl', { proxyUrl: '/v1' }],
    ['proxyUrl', { proxyUrl: 'file:///etc/passwd' }],
    ['proxyUrl', { proxyUrl: 'https://user:password@api.example.com/' }],
    ['proxyUrl', { proxyUrl: 'https://api.example.com/#part' }],
    ['proxyUrl', { proxyUrl: 'https://api.exa\nmple.com/' }],
    ['expiry', { expiry: -1 }],
    ['expiry', { expiry: 1.5 }],
    ['expiry', { expiry: 2 ** 32 }],
    ['expiry', { expiry: Number.NaN }],
    ['method', { method: '' }],
    ['method', { method: '*' }],
    ['method', { method: 'GET /' }],
    ['method', { method: 'opt\u0131ons' }],
    ['headers', { headers: { 'a b': '1' } }],
    ['headers', { headers: { 'X-A': '1', 'x-a': '2' } }],
    ['headers', { headers: { 'X-A': 'a\r\nb' } }],
    ['headers', { headers: { 'X-A': '你' } }],
    ['headers', { headers: { 'X-A': 'é' } }],
    ['headers', { headers: { 'X-A': '\u0080' } }],
    ['headers', { headers: { 'X-\u212aey': '1' } }],
    ['headers', { headers: { '\u00a0x-a': '1' } }],
    ['headers', { headers: { '': '1' } }],
    ['date', { date: '2026-11-24' }],
    ['date', { date: '20260230T000000Z' }],
    ['date', { date: new Date(Number.NaN) }],
    ['date', { date: new Date(8.64e15) }],
    ['extensions', { extensions: { Nonce: 'n' } }],
    ['extensions', { extensions: { 'X-Sw-Proxy': 'https://evil.test/' } }],
    ['extensions', { extensions: { 'X-Sw-Nonce': '\ud800' } }],
    ['secret', { secret: 'a\udc00' }],
  ])('refuses a bad %s, naming it: %j', refusesOption);

  test.each<[keyof SignUrlOptions, object]>([
    ['id', { id: undefined }],
    ['id', { id: 7 }],
    // A variable that is not set, as JavaScript hands it on: anyone could sign with the secret 'undefined'.
    ['secret', { secret: undefined }],
    ['secret', { secret: null }],
    ['host', { host: undefined }],
    ['host', { host: new URL('https://gw.example.com') }],
    ['proxyUrl', { proxyUrl: undefined }],
    ['expiry', { expiry: '60' }],
    ['method', { method: undefined }],
    ['headers', { headers: new Headers({ 'x-a': '1' }) }],
    ['headers', { headers: new Map([['x-a', '1']]) }],
    ['headers', { headers: [['x-a', '1']] }],
    ['headers', { headers: { 'x-a': 1 } }],
    ['headers', { headers: { 'x-a': undefined } }],
    ['headers', { headers: null }],
    ['body', { body: null }],
    ['body', { body: { model: 'm' } }],
    ['body', { body: new ArrayBuffer(2) }],
    ['body', { body: new Uint16Array(2) }],
    ['date', { date: 1_795_515_300_000 }],
    ['date', { date: null }],
    ['extensions', { extensions: { 'X-Sw-Nonce': 1 } }],
    ['extensions', { extensions: new Map([['X-Sw-Nonce', 'n']]) }],
  ])(
    'refuses a %s of another type than was declared, instead of signing something else: %p',
    (option, change) => refusesOption(option, change as Partial<SignUrlOptions>),
  );

  test('signs every character that a header can carry, a tab included', () => {
    const visible = Array.from({ length: 0x5f }, (_, i) => String.fromCharCode(0x20 + i)).join('');
    expect(sign({ ...options, headers: { 'X-A': `a\t${visible}z` } }).canonicalRequest).toContain(
      `\nx-a:a\t${visible}z\n`,
    );
  });

  test('never names a secret or a header’s value in an error', () => {
    for (const change of [{ secret: 'canary\ud800' }, { headers: { 'x-a': 'canary é' } }]) {
      expect(() => signUrl({ ...options, ...change })).toThrow(
        expect.objectContaining({ message: expect.not.stringContaining('canary') }),
      );
    }
  });
});

function refusesOption(option: keyof SignUrlOptions, change: Partial<SignUrlOptions>): void {
  let error: unknown;
  try {
    signUrl({ ...options, ...change });
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(SigningError);
  expect(error).toMatchObject({ code: 'invalid_option', option });
}
