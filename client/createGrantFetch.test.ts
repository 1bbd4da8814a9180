import { expect, test } from 'bun:test';
import { APP, startGateway, type TestGateway } from '../server/testing/gateway.ts';
import { startUpstream } from '../server/testing/scriptedUpstream.ts';
import { type SignGrantOptions, signGrant } from '../signing/index.ts';
import { createGrantFetch } from './createGrantFetch.ts';
import { startApi } from './testing/startApi.ts';

const HOUR_AGO = new Date(Date.now() - 3_600_000);

const grantOf = (gateway: TestGateway, prefix: string, changes: Partial<SignGrantOptions> = {}) =>
  signGrant({
    ...APP,
    host: gateway.url.href,
    proxyUrl: prefix,
    methods: ['GET', 'POST'],
    expiry: 60,
    ...changes,
  });

test('calls what is below the prefix by one grant, with the key and without the page’s Authorization', async () => {
  await using api = startApi();
  await using gateway = startGateway();
  const prefix = `${api.origin}/v1/`;
  let asked = 0;
  const grantFetch = createGrantFetch({
    prefix,
    getGrant() {
      asked++;
      return grantOf(gateway, prefix);
    },
  });
  const headers = { Authorization: 'Bearer unused' };
  const answers = await Promise.all([
    grantFetch(`${prefix}chat/completions?a=b`, { method: 'POST', body: '{}', headers }),
    grantFetch(`${prefix}models`, { headers }),
  ]);
  await grantFetch(`${prefix}models/x`);
  expect(answers.map(({ status }) => status)).toEqual([200, 200]);
  expect(api.received.map(({ path }) => path).sort()).toEqual([
    '/v1/chat/completions?a=b',
    '/v1/models',
    '/v1/models/x',
  ]);
  expect(new Set(api.received.map((call) => call.headers.get('authorization')))).toEqual(
    new Set(['Bearer sk-upstream-key-1234']),
  );
  expect(asked).toBe(1);
});

test('renews a grant that has expired once, however many calls find out at the same time', async () => {
  await using api = startApi();
  await using gateway = startGateway();
  const prefix = `${api.origin}/v1/`;
  let asked = 0;
  const grantFetch = createGrantFetch({
    prefix,
    getGrant: async () => grantOf(gateway, prefix, { date: asked++ === 0 ? HOUR_AGO : new Date() }),
  });
  const calls = ['a', 'b', 'c'].map((body) => grantFetch(`${prefix}x`, { method: 'POST', body }));
  const answers = await Promise.all(calls);
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
  expect(api.received.map(({ body }) => body).sort()).toEqual(['a', 'b', 'c']);
  expect(asked).toBe(2);
});

test('renews a grant whose uses are used up', async () => {
  await using api = startApi();
  await using gateway = startGateway();
  const prefix = `${api.origin}/v1/`;
  let asked = 0;
  const grantFetch = createGrantFetch({
    prefix,
    getGrant: () => grantOf(gateway, prefix, { nonce: `n${++asked}`, uses: 2 }),
  });
  for (const path of ['a', 'b', 'c']) expect((await grantFetch(prefix + path)).status).toBe(200);
  expect(asked).toBe(2);
  expect(api.received.map(({ path }) => path)).toEqual(['/v1/a', '/v1/b', '/v1/c']);
});

test('never loops when the new grant has expired too', async () => {
  await using gateway = startGateway();
  let asked = 0;
  const grantFetch = createGrantFetch({
    prefix: 'http://127.0.0.1:9/',
    getGrant() {
      asked++;
      return grantOf(gateway, 'http://127.0.0.1:9/', { date: HOUR_AGO });
    },
  });
  await expect(grantFetch('http://127.0.0.1:9/x')).rejects.toMatchObject({ code: 'expired' });
  expect(asked).toBe(2);
});

test('asks again after the backend has failed, or has given what is no grant', async () => {
  await using api = startApi();
  await using gateway = startGateway();
  const prefix = `${api.origin}/`;
  let asked = 0;
  const grantFetch = createGrantFetch({
    prefix,
    async getGrant() {
      if (++asked === 1) throw new RangeError('not signed in');
      return asked === 2 ? (undefined as unknown as string) : grantOf(gateway, prefix);
    },
  });
  await expect(grantFetch(`${prefix}x`)).rejects.toThrow(new RangeError('not signed in'));
  await expect(grantFetch(`${prefix}x`)).rejects.toMatchObject({ code: 'signing_failed' });
  expect((await grantFetch(`${prefix}x`)).status).toBe(200);
});

test('an abort ends its own call, and not the question that another waits for', async () => {
  await using api = startApi();
  await using gateway = startGateway();
  const prefix = `${api.origin}/`;
  const { promise: grant, resolve } = Promise.withResolvers<string>();
  const grantFetch = createGrantFetch({ prefix, getGrant: () => grant });
  const leaving = new AbortController();
  const left = grantFetch(`${prefix}left`, { signal: leaving.signal });
  const stayed = grantFetch(`${prefix}stayed`);
  leaving.abort(new Error('left'));
  await expect(left).rejects.toThrow('left');
  resolve(grantOf(gateway, prefix));
  expect((await stayed).status).toBe(200);
  expect(api.received.map(({ path }) => path)).toEqual(['/stayed']);
});

test('an abort ends the upstream’s request', async () => {
  await using upstream = await startUpstream();
  await using gateway = startGateway();
  const prefix = `${upstream.origin}/`;
  const grantFetch = createGrantFetch({ prefix, getGrant: () => grantOf(gateway, prefix) });
  const leaving = new AbortController();
  const call = grantFetch(`${prefix}x`, { signal: leaving.signal });
  const connection = await upstream.next();
  leaving.abort();
  await expect(call).rejects.toMatchObject({ name: 'AbortError' });
  await connection.gone;
});

test('refuses what its prefix does not cover, and a prefix that is none', async () => {
  const grantFetch = createGrantFetch({ prefix: 'https://api.test/v1/', getGrant: () => Promise.reject() });
  await expect(grantFetch('https://api.test/v2/x')).rejects.toThrow('the grant is for https://api.test/v1/');
  expect(() => createGrantFetch({ prefix: 'https://api.test/v1', getGrant: () => '' })).toThrow('slash');
});
