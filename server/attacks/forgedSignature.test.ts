import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { startGateway, type TestGateway, WIRE_FRONTS } from '../testing/gateway.ts';
import { askRaw, type RawAnswer } from '../testing/rawAnswer.ts';
import { type ScriptedUpstream, startUpstream } from '../testing/scriptedUpstream.ts';

describe.each(WIRE_FRONTS)('front %s: a forged URL is refused and reaches nobody:', (front) => {
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

  /** Sends the query with `method`, and whatever the answer is, tells how many connections the upstream saw. */
  async function send(query: string, { method = 'POST', fields = '' } = {}): Promise<RawAnswer> {
    return askRaw(
      gateway,
      `${method} /?${query} HTTP/1.1\r\nHost: gw.test\r\nConnection: close\r\n${fields}\r\n`,
    );
  }

  function signed(): string {
    const url = gateway.sign(`${upstream.origin}/`, { method: 'POST', headers: { 'x-foo': '1' } });
    return url.slice(url.indexOf('?') + 1);
  }

  function withSignature(signature: string): string {
    return signed().replace(/X-Sw-Signature=[^&]*/, `X-Sw-Signature=${signature}`);
  }

  test('each bit of the signature flipped', async () => {
    const query = signed();
    const signature = Buffer.from(/X-Sw-Signature=([^&]*)/.exec(query)![1]!, 'hex');
    for (let bit = 0; bit < 256; bit++) {
      const flipped = Buffer.from(signature);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      const forged = query.replace(/X-Sw-Signature=[^&]*/, `X-Sw-Signature=${flipped.toString('hex')}`);
      const { status, code } = await send(forged, { fields: 'X-Foo: 1\r\n' });
      expect([bit, status, code]).toEqual([bit, 400, 'signature_mismatch']);
    }
    expect(upstream.accepted).toBe(0);
  }, 60_000);

  test.each([
    ['63 digits', 'a'.repeat(63)],
    ['65 digits', 'a'.repeat(65)],
    ['capitals', 'A'.repeat(64)],
    ['letters beyond f', 'z'.repeat(64)],
    ['nothing', ''],
    ['digits and a line feed', `${'a'.repeat(64)}%0A`],
    ['digits and a NUL', `${'a'.repeat(64)}%00`],
    ['digits after a space', `%20${'a'.repeat(64)}`],
    ['digits of another script', '\u0661'.repeat(64).replace(/./gu, encodeURIComponent)],
    ['0x and 62 digits', `0x${'a'.repeat(62)}`],
    ['64 KiB, cut at the URL’s limit'.replace('’', "'"), 'a'.repeat(11_000)],
  ])('a signature of %s', async (_, signature) => {
    const { status, code, text } = await send(withSignature(signature), { fields: 'X-Foo: 1\r\n' });
    expect([status, code]).toEqual([400, 'signature_mismatch']);
    // Refused for its shape, before anything was compared: then there is nothing to show.
    expect(text).not.toContain('canonicalRequest');
    expect(upstream.accepted).toBe(0);
  });

  test.each([
    ['X-Sw-Credential', 'my-id%2F20200101', 'invalid_parameter'],
    ['X-Sw-Credential', 'other-id%2FDAY', 'unknown_app'],
    ['X-Sw-Date', '20200101T000000Z', 'invalid_parameter'],
    ['X-Sw-Expires', '61', 'signature_mismatch'],
    ['X-Sw-Proxy', 'http%3A%2F%2F127.0.0.1%3A9%2F', 'signature_mismatch'],
    ['X-Sw-SignedHeaders', '', 'signature_mismatch'],
    ['X-Sw-SignedHeaders', 'x-foo%3Bx-bar', 'missing_signed_header'],
    ['X-Sw-Body', 'true', 'signature_mismatch'],
    ['X-Sw-Algorithm', 'SW1-HMAC-SHA1', 'unsupported_algorithm'],
    ['X-Sw-Algorithm', 'none', 'unsupported_algorithm'],
  ])('%s changed to %s', async (name, value, expected) => {
    const query = signed();
    const day = /X-Sw-Date=(\d{8})/.exec(query)![1]!;
    const forged = query.replace(new RegExp(`${name}=[^&]*`), `${name}=${value.replace('DAY', day)}`);
    expect(forged).not.toBe(query);
    expect((await send(forged, { fields: 'X-Foo: 1\r\n' })).code).toBe(expected);
    expect(upstream.accepted).toBe(0);
  });

  test.each(['GET', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'])(
    'the method changed to %s',
    async (method) => {
      const { status, code } = await send(signed(), { method, fields: 'X-Foo: 1\r\n' });
      expect([status, code]).toEqual([400, 'signature_mismatch']);
      expect(upstream.accepted).toBe(0);
    },
  );

  test.each([
    ['changed', 'X-Foo: 2\r\n', 'signature_mismatch'],
    ['dropped', '', 'missing_signed_header'],
    ['sent a second time', 'X-Foo: 1\r\nX-Foo: 2\r\n', 'signature_mismatch'],
    ['sent a second time before', 'X-Foo: 2\r\nX-Foo: 1\r\n', 'signature_mismatch'],
    ['sent twice alike', 'X-Foo: 1\r\nX-Foo: 1\r\n', 'signature_mismatch'],
    ['named by Connection', 'X-Foo: 1\r\nConnection: x-foo\r\n', 'bad_request'],
    ['sent with an underscore', 'X_Foo: 1\r\n', 'missing_signed_header'],
  ])('a signed header %s', async (_, fields, expected) => {
    const { status, code } = await send(signed(), { fields });
    expect([status, code]).toEqual([400, expected]);
    expect(upstream.accepted).toBe(0);
  });

  test.each([
    ['another body', 'hellO', 'signature_mismatch'],
    ['a shorter body', 'hell', 'signature_mismatch'],
    ['a longer body', 'hello!', 'signature_mismatch'],
    ['no body', '', 'signature_mismatch'],
  ])('a signed body replaced by %s', async (_, body, expected) => {
    const url = gateway.sign(`${upstream.origin}/`, { method: 'POST', body: 'hello' });
    const { code } = await askRaw(
      gateway,
      `POST /${url.slice(url.indexOf('?'))} HTTP/1.1\r\nHost: gw.test\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    expect(code).toBe(expected);
    expect(upstream.accepted).toBe(0);
  });

  test('a signed body in chunks, which declare no length', async () => {
    const url = gateway.sign(`${upstream.origin}/`, { method: 'POST', body: 'hello' });
    const { status, code } = await askRaw(
      gateway,
      `POST /${url.slice(url.indexOf('?'))} HTTP/1.1\r\nHost: gw.test\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
    );
    expect([status, code]).toEqual([411, 'length_required']);
    expect(upstream.accepted).toBe(0);
  });

  test('another secret', async () => {
    const url = gateway.sign(`${upstream.origin}/`, { method: 'POST', secret: 'my-secret ' });
    expect((await send(url.slice(url.indexOf('?') + 1))).code).toBe('signature_mismatch');
    expect(upstream.accepted).toBe(0);
  });

  test('but the URL itself is served, so that all of this has shown something', async () => {
    expect((await send(signed(), { fields: 'X-Foo: 1\r\nContent-Length: 0\r\n' })).status).toBe(200);
    expect(upstream.accepted).toBe(1);
  });
});
