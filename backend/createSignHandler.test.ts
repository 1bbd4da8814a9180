import { describe, expect, test } from 'bun:test';
import { parseGrant, parseSignedUrl, readGrantPath, type SignedUrl, SigningError } from '../signing/index.ts';
import { createGrantHandler } from './createGrantHandler.ts';
import { createSignHandler, type SignHandlerOptions } from './createSignHandler.ts';

const CHAT = 'https://api.test/v1/chat/completions';
const SIGNER = { id: 'my-id', secret: 'my-secret', host: 'https://gw.example.com' };
const OPTIONS: SignHandlerOptions = {
  ...SIGNER,
  authorize: (request) => request.headers.get('cookie'),
  allow: [
    { method: 'POST', url: CHAT },
    { method: 'GET', url: 'https://api.test/v1/models?limit=5' },
    { method: 'GET', url: 'https://api.test/v1/files/*' },
  ],
};

const JSON_TYPE = { 'Content-Type': 'application/json', Cookie: 'user:42' };
const ask = (body: unknown, headers: Record<string, string> = JSON_TYPE) =>
  new Request('https://app.example.com/api/sign', { method: 'POST', headers, body: JSON.stringify(body) });

async function signedBy(answer: Response): Promise<SignedUrl> {
  expect(answer.status).toBe(200);
  const { url } = (await answer.json()) as { url: string };
  return parseSignedUrl(url.slice(url.indexOf('?') + 1));
}

const extensionsOf = ({ parameters }: SignedUrl) =>
  Object.fromEntries(parameters.filter(([name]) => /Nonce|Subject|Schema|Methods|Uses/.test(name)));

describe('the endpoint that signs for a page', () => {
  test('signs an allowed call for whoever asks, for a minute, and is not stored', async () => {
    const answer = await createSignHandler(OPTIONS)(ask({ method: 'post', url: CHAT }));
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.has('access-control-allow-origin')).toBe(false);
    const signed = await signedBy(answer);
    expect(signed).toMatchObject({ appId: 'my-id', expires: 60, signsBody: false });
    expect(signed.upstream.href).toBe(CHAT);
    expect(extensionsOf(signed)).toEqual({ 'X-Sw-Subject': 'user:42' });
  });

  test('signs once where it is told to, and the schema of the body', async () => {
    const handler = createSignHandler({ ...OPTIONS, once: true, bodySchema: 'chat', expiry: 5 });
    const [first, second] = [
      await signedBy(await handler(ask({ method: 'POST', url: CHAT }))),
      await signedBy(await handler(ask({ method: 'POST', url: CHAT }))),
    ];
    expect(first.expires).toBe(5);
    expect(extensionsOf(first)).toMatchObject({ 'X-Sw-BodySchema': 'chat' });
    expect(extensionsOf(first)['X-Sw-Nonce']).not.toBe(extensionsOf(second)['X-Sw-Nonce']);
  });

  test('signs at the time that its clock tells', async () => {
    const handler = createSignHandler({ ...OPTIONS, clock: () => Date.UTC(2026, 0, 2, 3, 4, 5) });
    expect((await signedBy(await handler(ask({ method: 'POST', url: CHAT })))).timestamp).toBe(
      '20260102T030405Z',
    );
  });

  test('ignores whatever else the page asks for', async () => {
    const more = {
      expiry: 99999,
      subject: 'admin',
      host: 'https://evil.test',
      id: 'b',
      methods: ['PUT'],
      extensions: {},
    };
    const signed = await signedBy(
      await createSignHandler(OPTIONS)(ask({ method: 'POST', url: CHAT, ...more })),
    );
    expect(signed).toMatchObject({ appId: 'my-id', expires: 60 });
    expect(extensionsOf(signed)).toEqual({ 'X-Sw-Subject': 'user:42' });
  });

  test.each([
    ['GET', 'https://api.test/v1/models?limit=5'],
    ['GET', 'HTTPS://API.test:443/v1/x/../models?limit=5'.replace('HTTPS', 'https')],
    ['GET', 'https://api.test/v1/files/file-1/content?x=1'],
    ['GET', 'https://api.test/v1/files/'],
  ])('signs %s %s', async (method, url) => {
    const signed = await signedBy(await createSignHandler(OPTIONS)(ask({ method, url })));
    expect(signed.upstream.href).toBe(new URL(url).href);
  });

  test.each([
    ['another method', 'DELETE', CHAT],
    ['another path', 'POST', `${CHAT}/x`],
    ['a query', 'POST', `${CHAT}?a=b`],
    ['another query', 'GET', 'https://api.test/v1/models?limit=6'],
    ['no query', 'GET', 'https://api.test/v1/models'],
    ['another scheme', 'POST', CHAT.replace('https', 'http')],
    ['another host', 'POST', 'https://api.test.evil.test/v1/chat/completions'],
    ['another port', 'POST', 'https://api.test:8443/v1/chat/completions'],
    ['a way out', 'GET', 'https://api.test/v1/files/../models'],
    ['an escaped way out', 'GET', 'https://api.test/v1/files/%2e%2e/models'],
    ['an escaped slash', 'GET', 'https://api.test/v1/files/..%2fmodels'],
    ['a way out with a parameter', 'GET', 'https://api.test/v1/files/..;/models'],
    ['the folder itself', 'GET', 'https://api.test/v1/files'],
    ['another scheme below it', 'GET', 'http://api.test/v1/files/x'],
    ['another host below it', 'GET', 'https://evil.test/v1/files/x'],
    ['another port below it', 'GET', 'https://api.test:8443/v1/files/x'],
    ['its sibling', 'GET', 'https://api.test/v1/files-secret/x'],
  ])('refuses %s', async (_, method, url) => {
    const answer = await createSignHandler(OPTIONS)(ask({ method, url }));
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([403, 'no-store']);
    expect(await answer.json()).toEqual({
      title: 'Nothing was signed',
      status: 403,
      detail: 'this call may not be signed',
    });
  });

  test.each([
    ['null', null],
    ['a list', []],
    ['a text', 'POST'],
    ['no URL', { method: 'POST' }],
    ['no method', { url: CHAT }],
    ['a list of methods', { method: ['POST'], url: CHAT }],
    ['a relative URL', { method: 'GET', url: '/v1/models' }],
    ['user info', { method: 'POST', url: 'https://a@api.test/v1/chat/completions' }],
    ['a fragment', { method: 'POST', url: `${CHAT}#x` }],
    ['a backslash', { method: 'GET', url: 'https://api.test\\v1/files/x' }],
    ['a control character', { method: 'POST', url: `${CHAT}\n` }],
  ])('refuses %s as no call', async (_, body) => {
    expect((await createSignHandler(OPTIONS)(ask(body))).status).toBe(400);
  });

  test('refuses who is not known, before it reads what was asked', async () => {
    const handler = createSignHandler({ ...OPTIONS, authorize: async () => null });
    expect((await handler(ask('{'))).status).toBe(401);
  });

  test('takes what is no name for nobody, as a callback without types may answer', async () => {
    const authorize = async () => undefined as unknown as null;
    const handler = createSignHandler({ ...OPTIONS, authorize });
    expect((await handler(ask({ method: 'POST', url: CHAT }))).status).toBe(401);
  });

  test('refuses other methods', async () => {
    const answer = await createSignHandler(OPTIONS)(new Request('https://app.example.com/'));
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST']);
  });

  test.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data',
    'application/jsonx',
    '',
  ])('refuses %p, which a page of another origin can send with the visitor’s cookies', async (type) => {
    const request = ask({ method: 'POST', url: CHAT }, { 'Content-Type': type, Cookie: 'user:42' });
    expect((await createSignHandler(OPTIONS)(request)).status).toBe(415);
  });

  test.each([
    [16_384, 200],
    [16_385, 400],
  ])('answers %d bytes of JSON with %d', async (bytes, status) => {
    const body = JSON.stringify({ method: 'POST', url: CHAT }).padEnd(bytes);
    const request = new Request('https://app.example.com/', { method: 'POST', headers: JSON_TYPE, body });
    expect((await createSignHandler(OPTIONS)(request)).status).toBe(status);
  });

  test.each([
    ['no JSON', '{"method":'],
    ['no UTF-8', Buffer.from(JSON.stringify({ method: 'POST', url: CHAT, more: '\xff' }), 'latin1')],
  ])('refuses %s', async (_, body) => {
    const request = new Request('https://app.example.com/', { method: 'POST', headers: JSON_TYPE, body });
    expect((await createSignHandler(OPTIONS)(request)).status).toBe(400);
  });

  test.each([
    ['secret', { secret: '' }],
    ['expiry', { expiry: -1 }],
    ['proxyUrl', { allow: [{ method: 'GET', url: '/v1' }] }],
    ['proxyUrl', { allow: [{ method: 'GET', url: 'https://api.test/?a=/*' }] }],
    ['method', { allow: [{ method: '*', url: CHAT }] }],
  ])('cannot be made with a bad %s', (option, changes) => {
    const attempt = () => createSignHandler({ ...OPTIONS, ...changes });
    expect(attempt).toThrow(SigningError);
    expect(attempt).toThrow(expect.objectContaining({ option }));
  });
});

describe('the endpoint that makes grants for a page', () => {
  const GRANTS = {
    ...SIGNER,
    authorize: OPTIONS.authorize,
    prefix: 'https://api.test/v1/chat/',
    methods: ['POST'],
  };
  const grantOf = async (answer: Response) => {
    const { url } = (await answer.json()) as { url: string };
    return parseGrant(readGrantPath({ path: new URL(url).pathname, query: '' })!.token);
  };

  test('pins prefix, methods, expiry and subject, whatever the page asks for', async () => {
    const asked = { prefix: 'https://evil.test/', methods: ['PUT'], expiry: 1, subject: 'admin' };
    const grant = await grantOf(await createGrantHandler(GRANTS)(ask(asked)));
    expect(grant).toMatchObject({ appId: 'my-id', expires: 600 });
    expect(grant.upstream.href).toBe('https://api.test/v1/chat/');
    expect(extensionsOf(grant)).toEqual({ 'X-Sw-Methods': 'POST', 'X-Sw-Subject': 'user:42' });
  });

  test('makes them at the time that its clock tells', async () => {
    const handler = createGrantHandler({ ...GRANTS, clock: () => Date.UTC(2026, 0, 2, 3, 4, 5) });
    expect((await grantOf(await handler(ask({})))).timestamp).toBe('20260102T030405Z');
  });

  test('counts uses where it is told to', async () => {
    const grant = await grantOf(await createGrantHandler({ ...GRANTS, uses: 20, expiry: 60 })(ask({})));
    expect(extensionsOf(grant)).toMatchObject({
      'X-Sw-Uses': '20',
      'X-Sw-Nonce': expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
  });

  test('refuses who is not known', async () => {
    const handler = createGrantHandler({ ...GRANTS, authorize: () => null });
    expect((await handler(ask({}))).status).toBe(401);
  });

  test('cannot be made with a prefix that is none', () => {
    expect(() => createGrantHandler({ ...GRANTS, prefix: 'https://api.test/v1' })).toThrow(SigningError);
  });
});
