import { describe, expect, test } from 'bun:test';
import { encodeGrantToken } from '../signing/grantToken.ts';
import { type SignGrantOptions, signGrant } from '../signing/signGrant.ts';
import { signUrl } from '../signing/signUrl.ts';
import type { SignUrlOptions } from '../signing/signUrlOptions.ts';
import { APP, FRONTS, INJECTED, startGateway, type TestGateway } from './testing/gateway.ts';
import { RawClient } from './testing/rawClient.ts';
import { type ScriptedUpstream, startUpstream } from './testing/scriptedUpstream.ts';

/** An upstream that says in its body what it was asked for. */
const echo = () =>
  startUpstream(({ send }, head) => {
    const body = head.slice(0, head.indexOf(' HTTP'));
    send(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  });

/** The base path of a grant, `/s/<token>/`, for everything below `/v1/` unless told otherwise. */
function grantPath(gateway: TestGateway, prefix: string, changes: Partial<SignGrantOptions> = {}): string {
  const options = { ...APP, host: gateway.url.href, proxyUrl: prefix, methods: ['GET', 'POST'], expiry: 60 };
  return new URL(signGrant({ ...options, ...changes })).pathname;
}

/** A base path whose token holds what a signer of ours would not sign as a grant. */
function forgedPath(gateway: TestGateway, prefix: string, changes: Partial<SignUrlOptions> = {}): string {
  const url = signUrl({
    ...APP,
    host: gateway.url.href,
    proxyUrl: prefix,
    expiry: 60,
    method: 'GET',
    methods: ['GET'],
    extensions: { 'X-Sw-Scope': 'prefix' },
    ...changes,
  });
  return `/s/${encodeGrantToken(url.slice(url.indexOf('?') + 1))}/`;
}

interface Answer {
  readonly status: number;
  readonly head: string;
  readonly body: string;
  readonly code: string | undefined;
}

/** Sends a request whose target is exactly what it is told. */
async function ask(gateway: TestGateway, target: string, request: AskOptions = {}): Promise<Answer> {
  const { method = 'GET', headers = {}, body = '' } = request;
  using client = new RawClient(gateway);
  const lines = Object.entries({ Host: gateway.url.host, Connection: 'close', ...headers });
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  const received = await client.send(`${method} ${target} HTTP/1.1\r\n${head}\r\n${body}`).finished();
  const end = received.indexOf('\r\n\r\n');
  return {
    status: Number(received.slice(9, 12)),
    head: received.slice(0, end),
    body: received.slice(end + 4),
    code: /^x-sw-error: (.*)$/im.exec(received.slice(0, end))?.[1]?.trim(),
  };
}

interface AskOptions {
  method?: string;
  headers?: Readonly<Record<string, string>>;
  body?: string;
}

interface World extends AsyncDisposable {
  gateway: TestGateway;
  upstream: ScriptedUpstream;
  /** `http://127.0.0.1:PORT/v1/` */
  prefix: string;
}

async function startWorld(
  front: (typeof FRONTS)[number],
  options: Parameters<typeof startGateway>[0] = {},
): Promise<World> {
  const upstream = await echo();
  const gateway = startGateway({ front, ...options });
  return {
    gateway,
    upstream,
    prefix: `${upstream.origin}/v1/`,
    async [Symbol.asyncDispose]() {
      await gateway[Symbol.asyncDispose]();
      await upstream[Symbol.asyncDispose]();
    },
  };
}

describe.each([...FRONTS])('a grant, at the front %s,', (front) => {
  test('opens what is below its prefix, any number of times, with the key', async () => {
    await using world = await startWorld(front);
    const { gateway, upstream, prefix } = world;
    const base = grantPath(gateway, prefix);
    const seen = upstream.next();
    const first = await ask(gateway, `${base}chat/completions?a=b%20c&d`);
    expect([first.status, first.body]).toEqual([200, 'GET /v1/chat/completions?a=b%20c&d']);
    const { received } = await seen;
    expect(received).toMatch(/^Authorization: Bearer sk-upstream-key-1234\r$/m);
    expect(received).toMatch(new RegExp(`^Host: 127\\.0\\.0\\.1:${upstream.port}\\r$`, 'm'));
    expect(received).not.toContain('X-Sw-');
    expect((await ask(gateway, base)).body).toBe('GET /v1/');
    const post = { method: 'POST', headers: { 'Content-Length': '2' }, body: '{}' };
    expect((await ask(gateway, `${base}responses`, post)).body).toBe('POST /v1/responses');
  });

  test.each([
    ['/evil.test/x', '/v1//evil.test/x'],
    ['//evil.test', '/v1///evil.test'],
    ['https://evil.test/', '/v1/https://evil.test/'],
    ['@evil.test/', '/v1/@evil.test/'],
    [':80@evil.test', '/v1/:80@evil.test'],
    ['.evil.test', '/v1/.evil.test'],
    ['a/../b', '/v1/b'],
    ['a/%2e%2e/b', '/v1/b'],
    ['./b', '/v1/b'],
    ['b?x=/../&y=%2f%2E%5C%25', '/v1/b?x=/../&y=%2f%2E%5C%25'],
    [
      'b?url=https://evil.test/&X_Sw-Proxy=1&a=X-Sw-Proxy',
      '/v1/b?url=https://evil.test/&X_Sw-Proxy=1&a=X-Sw-Proxy',
    ],
  ])('appends %s as text: the upstream gets %s', async (appended, target) => {
    await using world = await startWorld(front);
    const { gateway, prefix } = world;
    const answer = await ask(gateway, grantPath(gateway, prefix) + appended);
    expect([answer.status, answer.body]).toEqual([200, `GET ${target}`]);
  });

  test.each([
    ['%2f', 'a%2fb'],
    ['%2F', 'a%2Fb'],
    ['%5c', 'a%5cb'],
    ['%5C', 'a%5Cb'],
    ['%2e', 'a%2eb'],
    ['%2E', 'a%2Eb'],
    ['%25', 'a%25b'],
    ['an escape escaped', 'a%252fb'],
    ['an escaped way out', '..%2fadmin'],
    ['an escaped way out with a backslash', '..%5cadmin'],
    ['a way out with a parameter', '..;/admin'],
    ['a way out with an escaped parameter', 'a/..%3bb=c/..;/admin'],
    ['an X-Sw-* parameter', 'a?X-Sw-Proxy=https://evil.test/'],
    ['one behind another', 'a?b=c&X-Sw-Methods=PUT'],
    ['one in lower case', 'a?x-sw-proxy=b'],
    ['one in upper case', 'a?X-SW-SCOPE'],
    ['one escaped', 'a?%58-Sw-Proxy=b'],
    ['one escaped whole', 'a?%78%2D%53%77%2dProxy=b'],
    ['one escaped twice', 'a?%2558-Sw-Proxy=b'],
    ['one escaped behind a bad escape', 'a?%zz=&%58-sw-a'],
  ])('refuses %s in what is appended', async (_, appended) => {
    await using world = await startWorld(front);
    const { gateway, upstream, prefix } = world;
    const answer = await ask(gateway, grantPath(gateway, prefix) + appended);
    expect([answer.status, answer.code]).toEqual([400, 'path_not_allowed']);
    expect(upstream.accepted).toBe(0);
  });

  test.each([
    ['no slash after the token', (base: string) => base.slice(0, -1)],
    ['a query in place of the slash', (base: string) => `${base.slice(0, -1)}?a=b`],
    ['a way out', (base: string) => `${base}../x`],
    ['a way out to the root', (base: string) => `${base}../../`.concat('x')],
    ['an escaped way out', (base: string) => `${base}%2e%2e/x`],
    ['a half-escaped way out', (base: string) => `${base}a/.%2E/%2e./x`],
    ['an escaped slash before the token', (base: string) => base.replace('/s/', '/s%2f')],
    ['another case', (base: string) => base.replace('/s/', '/S/')],
    ['something before it', (base: string) => `/x${base}`],
    ['two slashes before it', (base: string) => `/${base}`],
    ['nothing but its folder', () => '/s/'],
  ])('is not found with %s', async (_, spoil) => {
    await using world = await startWorld(front);
    const { gateway, upstream, prefix } = world;
    const answer = await ask(gateway, spoil(grantPath(gateway, prefix)));
    expect([answer.status, answer.code]).toEqual([404, 'not_found']);
    expect(upstream.accepted).toBe(0);
  });

  test.each([
    ['is empty', () => ''],
    ['is padded', (token: string) => `${token}${'='.repeat((4 - (token.length % 4)) % 4 || 1)}`],
    ['has an escaped character', (token: string) => `%${token.charCodeAt(0).toString(16)}${token.slice(1)}`],
    ['has a character of the other alphabet', (token: string) => `${token.slice(0, 8)}+${token.slice(9)}`],
    [
      'is cut',
      (token: string) => token.slice(0, token.length - (token.length % 4 === 2 ? 1 : (token.length % 4) + 3)),
    ],
    ['holds no query', () => encodeGrantToken('hello')],
    [
      'holds a parameter that is not the protocol’s',
      (token: string) => encodeGrantToken(`${atobUrl(token)}&a=b`),
    ],
    ['holds a parameter in lower case', (token: string) => encodeGrantToken(`${atobUrl(token)}&x-sw-a=b`)],
    [
      'holds an escaped name',
      (token: string) => encodeGrantToken(atobUrl(token).replace('X-Sw-Date', '%58-Sw-Date')),
    ],
  ])('is refused when its token %s', async (_, spoil) => {
    await using world = await startWorld(front);
    const { gateway, upstream, prefix } = world;
    const token = grantPath(gateway, prefix).slice(3, -1);
    const answer = await ask(gateway, `/s/${spoil(token)}/x`);
    expect([answer.status, answer.code]).toEqual([400, 'invalid_parameter']);
    expect(upstream.accepted).toBe(0);
  });

  test.each([
    ['no scope', { extensions: {} }],
    ['another scope', { extensions: { 'X-Sw-Scope': 'origin' } }],
    ['no methods', { methods: undefined as never }],
    [
      'methods that are none',
      { methods: undefined as never, extensions: { 'X-Sw-Scope': 'prefix', 'X-Sw-Methods': 'get' } },
    ],
    [
      'the method *',
      { methods: undefined as never, extensions: { 'X-Sw-Scope': 'prefix', 'X-Sw-Methods': '*' } },
    ],
    ['a signed body', { body: '' }],
  ] as [string, Partial<SignUrlOptions>][])('is refused when it was signed with %s', async (_, changes) => {
    await using world = await startWorld(front);
    const { gateway, upstream, prefix } = world;
    const answer = await ask(gateway, `${forgedPath(gateway, prefix, changes)}x`);
    expect([answer.status, answer.code]).toEqual([400, 'invalid_parameter']);
    expect(upstream.accepted).toBe(0);
  });

  test.each(['/v1', '/v1/?', '/v1/?a=/', '/?/'])('is refused when its prefix is %s', async (path) => {
    await using world = await startWorld(front);
    const { gateway, upstream } = world;
    const answer = await ask(gateway, `${forgedPath(gateway, upstream.origin + path)}x`);
    expect([answer.status, answer.code]).toEqual([400, 'invalid_parameter']);
    expect(upstream.accepted).toBe(0);
  });

  test('is refused as a signed URL', async () => {
    await using world = await startWorld(front);
    const { gateway, upstream, prefix } = world;
    const query = atobUrl(forgedPath(gateway, prefix).slice(3, -1));
    const answer = await ask(gateway, `/?${query}`);
    expect([answer.status, answer.code]).toEqual([400, 'invalid_parameter']);
    expect(upstream.accepted).toBe(0);
  });

  test.each([
    ['GET', 200],
    ['POST', 200],
    ['HEAD', 405],
    ['PUT', 405],
    ['OPTIONS', 405],
  ])('for GET and POST answers %s with %d', async (method, status) => {
    await using world = await startWorld(front);
    const { gateway, prefix } = world;
    const headers = method === 'POST' || method === 'PUT' ? { 'Content-Length': '0' } : {};
    const answer = await ask(gateway, `${grantPath(gateway, prefix)}x`, { method, headers });
    expect(answer.status).toBe(status);
    if (status === 405) expect(answer.head).toMatch(/^Allow: GET, POST$/im);
  });

  test('opens only what the app may call', async () => {
    const upstream = await echo();
    const gateway = startGateway({
      front,
      apps: [
        {
          id: APP.id,
          secrets: [APP.secret],
          upstreams: [{ origin: `${upstream.origin}/v1/chat`, headers: INJECTED }],
        },
      ],
    });
    const base = grantPath(gateway, `${upstream.origin}/v1/`);
    expect((await ask(gateway, `${base}chat/completions`)).body).toBe('GET /v1/chat/completions');
    for (const other of ['files', 'chatter', 'chat/../files', '']) {
      expect(await ask(gateway, base + other)).toMatchObject({ status: 403, code: 'upstream_not_allowed' });
    }
    expect(upstream.accepted).toBe(1);
    await gateway[Symbol.asyncDispose]();
    await upstream[Symbol.asyncDispose]();
  });

  test('is worth nothing once a bit of its token was changed', async () => {
    await using world = await startWorld(front);
    const { gateway, upstream, prefix } = world;
    const query = atobUrl(grantPath(gateway, prefix).slice(3, -1));
    for (const [from, to] of [
      ['v1', 'v2'],
      ['GET', 'PUT'],
      ['X-Sw-Expires=60', 'X-Sw-Expires=61'],
      ['&X-Sw-Signature', '&X-Sw-Subject=a&X-Sw-Signature'],
    ] as const) {
      expect(query).toContain(from);
      const answer = await ask(gateway, `/s/${encodeGrantToken(query.replace(from, to))}/x`);
      expect([answer.status, answer.code]).toEqual([400, 'signature_mismatch']);
    }
    expect(upstream.accepted).toBe(0);
  });

  test.each([
    ['invalid_parameter', 'a lacking scope', { extensions: {}, date: '20200101T000000Z' }, 'a%2fb'],
    ['expired', 'an expiry that has passed', { date: '20200101T000000Z', secret: 'other' }, 'a%2fb'],
    ['unknown_app', 'an app that is not known', { id: 'other', headers: { 'x-a': '1' } }, 'a%2fb'],
    [
      'missing_signed_header',
      'a signed header that was not sent',
      { headers: { 'x-a': '1' }, secret: 'other' },
      '%2f',
    ],
    ['signature_mismatch', 'the signature', { secret: 'other', methods: ['PUT'] }, 'a%2fb'],
    [
      'unknown_parameter',
      'an unknown extension',
      { extensions: { 'X-Sw-Scope': 'prefix', 'X-Sw-Zzz': 'a' }, methods: ['PUT'] },
      '%2f',
    ],
    ['method_not_allowed', 'the method', { methods: ['PUT'] }, 'a%2fb'],
    ['path_not_allowed', 'the path', { proxyUrl: 'http://10.0.0.1/' }, 'a%2fb'],
  ] as [string, string, Partial<SignUrlOptions>, string][])(
    'has %s named first of two faults, for %s',
    async (code, _, changes, appended) => {
      await using world = await startWorld(front);
      const { gateway, upstream, prefix } = world;
      const answer = await ask(gateway, forgedPath(gateway, prefix, changes) + appended);
      expect(answer.code).toBe(code);
      expect(upstream.accepted).toBe(0);
    },
  );

  test('needs its signed headers from every request', async () => {
    await using world = await startWorld(front);
    const { gateway, prefix } = world;
    const base = grantPath(gateway, prefix, { headers: { 'X-Tenant': '7' } });
    expect((await ask(gateway, `${base}x`, { headers: { 'X-Tenant': '7' } })).status).toBe(200);
    expect(await ask(gateway, `${base}x`, { headers: { 'X-Tenant': '8' } })).toMatchObject({
      code: 'signature_mismatch',
    });
    expect(await ask(gateway, `${base}x`)).toMatchObject({ code: 'missing_signed_header' });
  });

  test('is good for as many requests as it says, whatever they ask for', async () => {
    await using world = await startWorld(front);
    const { gateway, upstream, prefix } = world;
    const base = grantPath(gateway, prefix, { nonce: `n-${front}`, uses: 2 });
    const codes = [];
    for (const path of ['a', 'b', 'c', 'a']) codes.push((await ask(gateway, base + path)).code);
    expect(codes).toEqual([undefined, undefined, 'already_used', 'already_used']);
    // A request that was refused for its path has used nothing up.
    const other = grantPath(gateway, prefix, { nonce: `o-${front}` });
    expect((await ask(gateway, `${other}a%2fb`)).code).toBe('path_not_allowed');
    expect((await ask(gateway, `${other}a`)).status).toBe(200);
    expect(upstream.accepted).toBeGreaterThan(0);
  });

  test('holds every body to its schema, and names its subject in the record', async () => {
    await using world = await startWorld(front);
    const { gateway, prefix } = world;
    const bodySchema = { properties: { model: { const: 'small' } }, required: ['model'] };
    const base = grantPath(gateway, prefix, { bodySchema, subject: 'user:42' });
    const post = (body: string) =>
      ask(gateway, `${base}chat`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'Content-Length': String(body.length) },
        body,
      });
    expect(await post('{"model":"large"}')).toMatchObject({ status: 422, code: 'body_not_allowed' });
    expect((await post('{"model":"small"}')).status).toBe(200);
    expect(gateway.records.map(({ subject }) => subject)).toEqual(['user:42', 'user:42']);
  });

  test('answers a preflight without a call', async () => {
    await using world = await startWorld(front);
    const { gateway, upstream, prefix } = world;
    const headers = {
      Origin: 'https://app.example.com',
      'Access-Control-Request-Method': 'POST',
      'Access-Control-Request-Headers': 'authorization,content-type',
    };
    const answer = await ask(gateway, `${grantPath(gateway, prefix)}chat`, { method: 'OPTIONS', headers });
    expect(answer.status).toBe(204);
    expect(answer.head).toMatch(/^Access-Control-Allow-Headers: authorization,content-type$/im);
    expect(upstream.accepted).toBe(0);
  });

  test('is in no record, nor in the answer’s Location', async () => {
    await using upstream = await startUpstream(({ send }) =>
      send('HTTP/1.1 307 Temporary Redirect\r\nLocation: ../other?a=b\r\nContent-Length: 0\r\n\r\n'),
    );
    await using gateway = startGateway({ front });
    const base = grantPath(gateway, `${upstream.origin}/v1/`);
    const answer = await ask(gateway, `${base}chat/x`);
    expect(answer.head).toContain(`ocation: ${upstream.origin}/v1/other?a=b`);
    await ask(gateway, `${base}a%2fb`);
    const said = JSON.stringify(gateway.records);
    expect(gateway.records).toHaveLength(2);
    expect(said).not.toContain(base.slice(3, 20));
    expect(said).not.toContain('Signature');
  });
});

function atobUrl(token: string): string {
  return Buffer.from(token, 'base64url').toString();
}
