import { describe, expect, test } from 'bun:test';
import { canonicalQuery, canonicalRequest } from '../signing/canonicalRequest.ts';
import { nodeHashes } from '../signing/hashes.ts';
import { signGrant } from '../signing/index.ts';
import { encodeStrict } from '../signing/percentEncoding.ts';
import { signingKey, stringToSign } from '../signing/signature.ts';
import { mountAt } from './mount.ts';
import { APP, FRONTS, startGateway } from './testing/gateway.ts';
import { startUpstream } from './testing/scriptedUpstream.ts';

const echo = () =>
  startUpstream(({ send }, head) => {
    const body = head.slice(0, head.indexOf(' HTTP'));
    send(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  });

describe.each([...FRONTS])('a gateway mounted at /gw, at the front %s,', (front) => {
  test.each(['/gw', '/gw/'])('answers a signed URL of the host …%s', async (path) => {
    await using upstream = await echo();
    await using gateway = startGateway({ front, basePath: '/gw' });
    const signed = gateway.sign(`${upstream.origin}/v1`, { host: `${gateway.url.origin}${path}` });
    expect(await (await fetch(signed)).text()).toBe('GET /v1');
    const withoutSlash = signed.replace('/gw/?', '/gw?');
    expect(await (await fetch(withoutSlash)).text()).toBe('GET /v1');
  });

  test.each(['/', '/gw', '/gw/'])('accepts %s as the path that was signed', async (path) => {
    await using upstream = await echo();
    await using gateway = startGateway({ front, basePath: '/gw' });
    const signed = new URL(gateway.sign(`${upstream.origin}/v1`, { host: `${gateway.url.origin}/gw` }));
    const answer = await fetch(signedForPath(signed, path));
    expect(await answer.text()).toBe('GET /v1');
  });

  test.each(['/other', '/gw/x', '/GW'])('refuses %s as the path that was signed', async (path) => {
    await using gateway = startGateway({ front, basePath: '/gw' });
    const signed = new URL(gateway.sign('http://127.0.0.1:9/', { host: `${gateway.url.origin}/gw` }));
    const answer = await fetch(signedForPath(signed, path));
    expect(answer.headers.get('x-sw-error')).toBe('signature_mismatch');
  });

  test('has its grants below that path', async () => {
    await using upstream = await echo();
    await using gateway = startGateway({ front, basePath: '/gw/' });
    const base = signGrant({
      ...APP,
      host: `${gateway.url.origin}/gw`,
      proxyUrl: `${upstream.origin}/v1/`,
      methods: ['GET'],
      expiry: 60,
    });
    expect(base).toStartWith(`${gateway.url.origin}/gw/s/`);
    expect(await (await fetch(`${base}chat?a=b`)).text()).toBe('GET /v1/chat?a=b');
    const atTheRoot = await fetch(base.replace('/gw/s/', '/s/'));
    expect(atTheRoot.headers.get('x-sw-error')).toBe('not_found');
  });

  test.each(['/', '/s/x/', '/gwx/', '/gw/x', '/gw/healthz', '/gw//'])('has nothing at %s', async (path) => {
    await using gateway = startGateway({ front, basePath: '/gw' });
    const { search } = new URL(gateway.sign('http://127.0.0.1:9/'));
    const answer = await fetch(`${gateway.url.origin}${path}${search}`);
    expect([answer.status, answer.headers.get('x-sw-error')]).toEqual([404, 'not_found']);
  });

  test('keeps its health at the root', async () => {
    await using gateway = startGateway({ front, basePath: '/gw' });
    expect((await fetch(`${gateway.url.origin}/healthz`)).status).toBe(200);
  });
});

test('a gateway at the root accepts no other path as the one that was signed', async () => {
  await using gateway = startGateway();
  const answer = await fetch(signedForPath(new URL(gateway.sign('http://127.0.0.1:9/')), '/gw'));
  expect(answer.headers.get('x-sw-error')).toBe('signature_mismatch');
});

test.each(['gw', '', '//gw', '/gw//x', '/gw?a', '/gw#a', '/a/../b', '/.', '/a b', '/a%2fb', '/ä', '/a\\b'])(
  'a base path is not %j',
  (path) => {
    expect(() => mountAt(path)).toThrow(TypeError);
  },
);

/** The same URL with the signature of a signer that puts another path into its canonical request. */
function signedForPath(url: URL, path: string): URL {
  const parameters = [...url.searchParams].filter(([name]) => name !== 'X-Sw-Signature');
  const timestamp = url.searchParams.get('X-Sw-Date')!;
  const query = canonicalQuery(parameters, encodeStrict);
  const canonical = canonicalRequest({ method: 'GET', path, query, headers: [] });
  const key = signingKey(APP.secret, timestamp.slice(0, 8), nodeHashes);
  const toSign = stringToSign(timestamp, nodeHashes.sha256Hex(canonical));
  const other = new URL(url);
  other.searchParams.set('X-Sw-Signature', key(toSign));
  return other;
}
