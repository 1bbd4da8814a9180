import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { startGateway, type TestGateway, WIRE_FRONTS } from '../testing/gateway.ts';
import { askRaw } from '../testing/rawAnswer.ts';
import { type ScriptedUpstream, startUpstream } from '../testing/scriptedUpstream.ts';

/** What takes the place of one parameter's `name=value`, or follows all of them where the name is empty. */
type Change = readonly [name: string, replacement: string, code: string];

const EVIL = 'http%3A%2F%2F127.0.0.1%3A9%2F';

const REPEATED: Change[] = [
  ['', `&X-Sw-Proxy=${EVIL}`, 'duplicate_parameter'],
  ['', '&X-Sw-Body=true', 'duplicate_parameter'],
  ['', '&X-Sw-Nonce=a&X-Sw-Nonce=b', 'duplicate_parameter'],
  ['', `&%58-Sw-Proxy=${EVIL}`, 'invalid_parameter'],
  ['', `&X%2DSw-Proxy=${EVIL}`, 'invalid_parameter'],
  ['', `&X-Sw-Prox%79=${EVIL}`, 'invalid_parameter'],
  ['', '&X-Sw-=1', 'invalid_parameter'],
  ['', '&X-Sw-Proxy%00=1', 'invalid_parameter'],
  ['', '&X-Sw-Proxy%20=1', 'invalid_parameter'],
  ['', '&X-Sw-Proxy[]=1', 'invalid_parameter'],
  ['', '&X-Sw-Proxy.x=1', 'invalid_parameter'],
  ['', '&X-Sw-Pr%C3%B6xy=1', 'invalid_parameter'],
  ['', '&X-Sw-Proxy', 'duplicate_parameter'],
  ['', '&%zz=1', 'invalid_parameter'],
  ['', '&%FF=1', 'invalid_parameter'],
  ['', '&X-Sw-Other=1', 'signature_mismatch'],
];

const ENCODED: Change[] = [
  ['X-Sw-Proxy', 'X-Sw-Proxy=%zz', 'invalid_parameter'],
  ['X-Sw-Proxy', 'X-Sw-Proxy=https://a/%', 'invalid_parameter'],
  ['X-Sw-Proxy', 'X-Sw-Proxy=https://a/%F', 'invalid_parameter'],
  ['X-Sw-Proxy', 'X-Sw-Proxy=https://a/%FF', 'invalid_parameter'],
  ['X-Sw-Proxy', 'X-Sw-Proxy=https://a/%C0%AF', 'invalid_parameter'],
  ['X-Sw-Proxy', 'X-Sw-Proxy=https://a/%ED%A0%80', 'invalid_parameter'],
  ['X-Sw-Proxy', 'X-Sw-Proxy=https://a%0Ab', 'invalid_parameter'],
  ['X-Sw-Proxy', 'X-Sw-Proxy=https://a%0D%0AX-Evil:%201', 'invalid_parameter'],
  ['X-Sw-Proxy', 'X-Sw-Proxy=https://a/%00', 'invalid_parameter'],
  ['X-Sw-Proxy', 'X-Sw-Proxy=https://a/%C2%85', 'invalid_parameter'],
  ['X-Sw-Proxy', 'X-Sw-Proxy=https://a/%20b', 'invalid_parameter'],
  ['X-Sw-Proxy', 'X-Sw-Proxy=https://a/+b', 'invalid_parameter'],
  ['X-Sw-Proxy', 'X-Sw-Proxy=%20https://a/', 'invalid_parameter'],
  ['X-Sw-Proxy', 'X-Sw-Proxy=https:%5C%5Ca/', 'invalid_parameter'],
  ['X-Sw-Proxy', 'X-Sw-Proxy=https://a%5C@b/', 'invalid_parameter'],
  ['X-Sw-Proxy', 'X-Sw-Proxy=https://user@a/', 'invalid_parameter'],
  ['X-Sw-Proxy', 'X-Sw-Proxy=https://@a/', 'invalid_parameter'],
  ['X-Sw-Proxy', 'X-Sw-Proxy=https://a/%23fragment', 'invalid_parameter'],
  ['X-Sw-Proxy', 'X-Sw-Proxy=//a/', 'invalid_parameter'],
  ['X-Sw-Proxy', 'X-Sw-Proxy=https:a', 'invalid_parameter'],
  ['X-Sw-Proxy', 'X-Sw-Proxy=https:/a', 'invalid_parameter'],
  ['X-Sw-Proxy', 'X-Sw-Proxy=https:///a', 'invalid_parameter'],
  ['X-Sw-Proxy', 'X-Sw-Proxy=HTTPS://a', 'invalid_parameter'],
  ['X-Sw-Proxy', 'X-Sw-Proxy=file:///etc/passwd', 'invalid_parameter'],
  ['X-Sw-Proxy', 'X-Sw-Proxy=data:text/plain,a', 'invalid_parameter'],
  ['X-Sw-Proxy', 'X-Sw-Proxy=blob:https://a/b', 'invalid_parameter'],
  ['X-Sw-Proxy', 'X-Sw-Proxy=ftp://a/', 'invalid_parameter'],
  ['X-Sw-Proxy', 'X-Sw-Proxy=gopher://a/', 'invalid_parameter'],
  ['X-Sw-Proxy', 'X-Sw-Proxy=unix:///run/docker.sock', 'invalid_parameter'],
  ['X-Sw-Proxy', 'X-Sw-Proxy=javascript:alert(1)', 'invalid_parameter'],
  ['X-Sw-Proxy', 'X-Sw-Proxy=wss://a/', 'invalid_parameter'],
  ['X-Sw-Proxy', 'X-Sw-Proxy=https://a:65536/', 'invalid_parameter'],
  ['X-Sw-Proxy', 'X-Sw-Proxy=https://a%2Fb@c', 'signature_mismatch'],
  ['X-Sw-Proxy', 'X-Sw-Proxy=', 'invalid_parameter'],
  ['X-Sw-Proxy', 'X-Sw-Proxy', 'invalid_parameter'],
  ['X-Sw-Credential', 'X-Sw-Credential=my%0Aid%2FDAY', 'invalid_parameter'],
  ['X-Sw-Credential', 'X-Sw-Credential=my%00id%2FDAY', 'invalid_parameter'],
  ['X-Sw-Credential', 'X-Sw-Credential=%2FDAY', 'invalid_parameter'],
  ['X-Sw-Credential', 'X-Sw-Credential=my-id', 'invalid_parameter'],
  ['X-Sw-Credential', 'X-Sw-Credential=my-id%2FDAY%2FDAY', 'invalid_parameter'],
  ['X-Sw-Credential', 'X-Sw-Credential=my-id%252FDAY', 'invalid_parameter'],
  ['X-Sw-Credential', 'X-Sw-Credential=MY-ID%2FDAY', 'unknown_app'],
  ['X-Sw-Credential', 'X-Sw-Credential=my%E2%80%90id%2FDAY', 'unknown_app'],
  ['X-Sw-Credential', 'X-Sw-Credential=my-%C4%B1d%2FDAY', 'unknown_app'],
];

const HEADER_LISTS: Change[] = [
  'host%3Bhost',
  'HOST',
  '%3Bhost',
  'host%3B',
  'a%20b',
  'a%3B%3Bb',
  'host%2Ca',
  'a%3Ab',
  'a%0Ab',
  'a%0D%0Ab',
  'a%00',
  '%C3%A9',
  'a%28b',
  '%20a',
  'a%09',
].map((list) => ['X-Sw-SignedHeaders', `X-Sw-SignedHeaders=${list}`, 'invalid_parameter'] as const);

const NUMBERS: Change[] = [
  '%2B60',
  '6e1',
  '0x3c',
  '%2060%20',
  '',
  '0060',
  '-1',
  '-0',
  '4294967296',
  '60.0',
  '60n',
  '1_0',
  'Infinity',
  'NaN',
  '%D9%A6%D9%A0',
  '60%00',
  '9'.repeat(400),
  '60%2C60',
  '٦',
].map(
  (number) =>
    [
      'X-Sw-Expires',
      `X-Sw-Expires=${encodeURI(number).replaceAll('%25', '%')}`,
      'invalid_parameter',
    ] as const,
);

const DATES: Change[] = [
  '20260230T000000Z',
  '20260001T000000Z',
  '20261301T000000Z',
  '20260101T240000Z',
  '20260101T006000Z',
  '20260101T000060Z',
  '20260101T000000',
  '20260101t000000z',
  '2026-01-01T00:00:00Z',
  '20260101T000000%2B00',
  '+20260101T000000Z',
  '00000000T000000Z',
  '20270229T000000Z',
  '',
  '20260101T000000Z%0A',
  '1764547200',
].map(
  (date) =>
    [
      'X-Sw-Credential',
      `X-Sw-Credential=my-id%2F${date.slice(0, 8)}&X-Sw-Date=${date}`,
      'invalid_parameter',
    ] as const,
);

const FLAGS: Change[] = ['TRUE', '1', 'yes', '', 'true%00', 'true%20', 'false%2Ctrue', 'null'].map(
  (flag) => ['X-Sw-Body', `X-Sw-Body=${flag}`, 'invalid_parameter'] as const,
);

const STRANGERS = [
  'constructor',
  '__proto__',
  'toString',
  'hasOwnProperty',
  'valueOf',
  '__defineGetter__',
  'prototype',
  'null',
  'undefined',
  '0',
];

describe.each(WIRE_FRONTS)(
  'front %s: a parameter that two parsers could read differently reaches nobody:',
  (front) => {
    let upstream: ScriptedUpstream;
    let gateway: TestGateway;

    beforeAll(async () => {
      upstream = await startUpstream(({ send }) => send('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'));
      gateway = startGateway({ front });
    });
    afterAll(async () => {
      await gateway[Symbol.asyncDispose]();
      await upstream[Symbol.asyncDispose]();
    });

    async function codeOf(query: string): Promise<string | null> {
      const bytes = `GET /?${Buffer.from(query).toString('latin1')} HTTP/1.1\r\nHost: gw.test\r\nConnection: close\r\n\r\n`;
      const { status, code } = await askRaw(gateway, bytes);
      expect(status).toBe(code === 'unknown_app' ? 401 : code === null ? 200 : 400);
      return code;
    }

    function signed(changes = {}): string {
      const url = gateway.sign(`${upstream.origin}/`, changes);
      return url.slice(url.indexOf('?') + 1);
    }

    function changed([name, replacement]: Change): string {
      const query = signed();
      const day = /X-Sw-Date=(\d{8})/.exec(query)![1]!;
      const text = replacement.replaceAll('DAY', day);
      if (name === '') return query + text;
      // A replaced credential may bring its own date.
      const rest = text.includes('X-Sw-Date') ? query.replace(/X-Sw-Date=[^&]*&/, '') : query;
      return rest.replace(new RegExp(`${name}=[^&]*`), () => text);
    }

    test.each([REPEATED, ENCODED, HEADER_LISTS, NUMBERS, DATES, FLAGS].flat())(
      '%s → %s',
      async (name, replacement, code) => {
        expect(await codeOf(changed([name, replacement, code]))).toBe(code);
        expect(upstream.accepted).toBe(0);
      },
    );

    test.each(STRANGERS)('the id %s, which every object has, is nobody', async (id) => {
      expect(await codeOf(signed({ id }))).toBe('unknown_app');
      expect(upstream.accepted).toBe(0);
    });

    test('a date at the end of time, valid for as long as can be said', async () => {
      const query = signed({ date: '99991231T235959Z', expiry: 4_294_967_295 });
      expect(await codeOf(query)).toBe('expiry_too_long');
      await using lenient = startGateway({ front, limits: { maxExpiry: 4_294_967_295 } });
      const url = lenient.sign(`${upstream.origin}/`, { date: '99991231T235959Z', expiry: 4_294_967_295 });
      expect((await gateway.ask(url)).headers.get('x-sw-error')).toBe('not_yet_valid');
      expect(upstream.accepted).toBe(0);
    });

    test('names in another case are other parameters: ignored, and not sent on', async () => {
      expect(await codeOf(`${signed()}&x-sw-proxy=${EVIL}&X-SW-PROXY=${EVIL}&other=canary`)).toBeNull();
      const { received } = await upstream.next();
      expect(received).toStartWith('GET / HTTP/1.1\r\n');
      expect(received).not.toContain('canary');
    });
  },
);
