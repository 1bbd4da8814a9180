import { expect, test } from 'bun:test';
import { startGateway } from '../server/testing/gateway.ts';
import { startUpstream } from '../server/testing/scriptedUpstream.ts';
import { createSignwayFetch, type RequestToSign } from './createSignwayFetch.ts';
import { SignwayError } from './signwayError.ts';
import { startApi } from './testing/startApi.ts';

const HOUR_AGO = new Date(Date.now() - 3_600_000);

test('calls the API’s own URL through the gateway, with the key and without the page’s Authorization', async () => {
  await using api = startApi();
  await using gateway = startGateway();
  const sent: Headers[] = [];
  const signwayFetch = createSignwayFetch({
    getSignedUrl: ({ method, url }) => gateway.sign(url, { method }),
    fetch(input, init) {
      sent.push(new Headers(init?.headers));
      return fetch(input, init);
    },
  });
  const answer = await signwayFetch(`${api.origin}/v1/things?a=b%20c#part`, {
    method: 'post',
    headers: { Authorization: 'Bearer page', 'Content-Type': 'application/json', 'X-Kept': '1' },
    body: '{"a":1}',
  });
  expect(await answer.json()).toEqual({ ok: true });
  expect(api.received).toHaveLength(1);
  const [call] = api.received;
  expect(call).toMatchObject({ method: 'POST', path: '/v1/things?a=b%20c', body: '{"a":1}' });
  expect(call?.headers.get('authorization')).toBe('Bearer sk-upstream-key-1234');
  expect(call?.headers.get('content-type')).toBe('application/json');
  expect(call?.headers.get('x-kept')).toBe('1');
  expect(sent.map((headers) => headers.has('authorization'))).toEqual([false]);
});

test.each([undefined, null, '', '::::', '/sign', 'javascript:1', 'file:///etc/passwd', {}])(
  'sends nothing anywhere when it is given %p for a signed URL',
  async (given) => {
    let calls = 0;
    const signwayFetch = createSignwayFetch({
      getSignedUrl: () => given as string,
      fetch: async () => new Response(String(++calls)),
    });
    const failed = signwayFetch('https://api.test/', { method: 'POST', body: 'secret' });
    await expect(failed).rejects.toMatchObject({ name: 'SignwayError', code: 'signing_failed' });
    expect(calls).toBe(0);
  },
);

test('signs every call anew, so that a URL for one use is never sent twice', async () => {
  await using api = startApi();
  await using gateway = startGateway();
  const asked: RequestToSign[] = [];
  const signwayFetch = createSignwayFetch({
    getSignedUrl(request) {
      asked.push(request);
      return gateway.sign(request.url);
    },
  });
  await signwayFetch(`${api.origin}/one`);
  await signwayFetch(new URL(`${api.origin}/one`));
  expect(asked.map(({ method, url }) => `${method} ${url}`)).toEqual(Array(2).fill(`GET ${api.origin}/one`));
});

test('signs a URL that has expired on the way again, and sends the same body', async () => {
  await using api = startApi();
  await using gateway = startGateway();
  const dates = [HOUR_AGO, new Date()];
  const signwayFetch = createSignwayFetch({
    getSignedUrl: ({ method, url }) => gateway.sign(url, { method, date: dates.shift()! }),
  });
  const answer = await signwayFetch(`${api.origin}/`, { method: 'POST', body: new Blob(['once']) });
  expect(answer.status).toBe(200);
  expect(api.received.map(({ body }) => body)).toEqual(['once']);
  expect(dates).toEqual([]);
});

test('signs again once and never loops when the new URL has expired too', async () => {
  await using api = startApi();
  await using gateway = startGateway();
  let asked = 0;
  const signwayFetch = createSignwayFetch({
    getSignedUrl({ url }) {
      asked++;
      return gateway.sign(url, { date: HOUR_AGO });
    },
  });
  const error = await signwayFetch(`${api.origin}/`).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(SignwayError);
  expect(error).toMatchObject({
    code: 'expired',
    status: 400,
    retryable: false,
    requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    document: { type: 'urn:signway:problem:expired' },
  });
  expect(asked).toBe(2);
  expect(api.received).toEqual([]);
});

test('does not sign again for a body that is a stream, which can be sent once', async () => {
  await using gateway = startGateway();
  let asked = 0;
  const signwayFetch = createSignwayFetch({
    getSignedUrl({ method, url }) {
      asked++;
      return gateway.sign(url, { method, date: HOUR_AGO });
    },
  });
  const body = new Blob(['streamed']).stream();
  const call = signwayFetch('http://127.0.0.1:9/', { method: 'POST', body });
  await expect(call).rejects.toMatchObject({ code: 'expired' });
  expect(asked).toBe(1);
});

test('turns every other refusal into an error with its code, without signing again', async () => {
  await using api = startApi();
  await using gateway = startGateway();
  let asked = 0;
  const signwayFetch = createSignwayFetch({
    getSignedUrl({ url }) {
      asked++;
      return gateway.sign(url, { method: 'PUT' });
    },
  });
  await expect(signwayFetch(`${api.origin}/`)).rejects.toMatchObject({
    code: 'signature_mismatch',
    message: 'the request is not the one that was signed',
  });
  expect(asked).toBe(1);
  expect(api.received).toEqual([]);
});

test('hands a refusal back as an answer where it is told to', async () => {
  await using gateway = startGateway();
  const signwayFetch = createSignwayFetch({
    getSignedUrl: ({ url }) => gateway.sign(url, { method: 'PUT' }),
    refusals: 'return',
  });
  const answer = await signwayFetch('http://127.0.0.1:9/');
  expect(answer.status).toBe(400);
  expect(answer.headers.get('x-should-retry')).toBe('false');
  expect(await answer.json()).toMatchObject({ code: 'signature_mismatch' });
});

test('hands an error of the API’s own back as it is', async () => {
  await using api = startApi(() => Response.json({ error: { message: 'slow down' } }, { status: 429 }));
  await using gateway = startGateway();
  const signwayFetch = createSignwayFetch({ getSignedUrl: ({ url }) => gateway.sign(url) });
  const answer = await signwayFetch(`${api.origin}/`);
  expect(answer.status).toBe(429);
  expect(await answer.json()).toEqual({ error: { message: 'slow down' } });
});

test.each([
  ['text', () => 'grüße'],
  ['bytes', () => new TextEncoder().encode('grüße')],
  ['a form', () => formWith('grüße')],
  ['a stream', () => new Blob(['grüße']).stream()],
  ['nothing', () => undefined],
])('sends the bytes that the backend signs, when the body is %s', async (_, body) => {
  await using api = startApi();
  await using gateway = startGateway();
  const signwayFetch = createSignwayFetch({
    getSignedUrl: async ({ method, url, bytes }) => gateway.sign(url, { method, body: await bytes() }),
  });
  const given = body();
  const answer = await signwayFetch(`${api.origin}/`, { method: 'POST', ...(given && { body: given }) });
  expect(answer.status).toBe(200);
  const [call] = api.received;
  if (given === undefined) expect(call?.body).toBe('');
  else expect(call?.body).toContain('grüße');
  if (given instanceof FormData) {
    const boundary = /boundary="?([^";]+)/.exec(call?.headers.get('content-type') ?? '')?.[1];
    expect(call?.body).toStartWith(`--${boundary}\r\n`);
  }
});

test('takes a Request, its headers, its body and its signal', async () => {
  await using api = startApi();
  await using gateway = startGateway();
  const signwayFetch = createSignwayFetch({
    getSignedUrl: ({ method, url }) => gateway.sign(url, { method }),
  });
  const leaving = new AbortController();
  const request = new Request(`${api.origin}/r`, {
    method: 'PATCH',
    headers: { 'X-Kept': '1', Authorization: 'Bearer page' },
    body: 'held',
    signal: leaving.signal,
  });
  const answer = await signwayFetch(request);
  expect(answer.status).toBe(200);
  expect(api.received[0]).toMatchObject({ method: 'PATCH', path: '/r', body: 'held' });
  expect(api.received[0]?.headers.get('x-kept')).toBe('1');
  leaving.abort(new Error('left'));
  const other = new Request(`${api.origin}/r`, { signal: leaving.signal });
  await expect(signwayFetch(other)).rejects.toThrow('left');
  expect(api.received).toHaveLength(1);
});

test('sends a call as it was to be sent, and neither cookies nor a referrer', async () => {
  await using api = startApi();
  await using gateway = startGateway();
  const sent: (RequestInit | undefined)[] = [];
  const signwayFetch = createSignwayFetch({
    getSignedUrl: ({ method, url }) => gateway.sign(url, { method }),
    fetch(input, init) {
      sent.push(init);
      return fetch(input, init);
    },
  });
  const how = { cache: 'no-store', redirect: 'manual', credentials: 'include' } as const;
  await signwayFetch(`${api.origin}/`, { ...how, referrerPolicy: 'unsafe-url' });
  await signwayFetch(new Request(`${api.origin}/`, how));
  for (const init of sent) {
    expect(init).toMatchObject({ ...how, credentials: 'omit', referrerPolicy: 'no-referrer' });
    // A browser takes no body with GET, not even an empty one.
    expect(init).not.toHaveProperty('body');
  }
  await signwayFetch(`${api.origin}/`, { method: 'POST', body: new Blob(['x']).stream() });
  // Without it Node and browsers send no stream.
  expect(sent.at(-1)).toMatchObject({ duplex: 'half' });
  expect(api.received.map(({ body }) => body)).toEqual(['', '', 'x']);
});

test('keeps the type that the page has given a body whose bytes are signed', async () => {
  await using api = startApi();
  await using gateway = startGateway();
  const signwayFetch = createSignwayFetch({
    getSignedUrl: async ({ method, url, bytes }) => gateway.sign(url, { method, body: await bytes() }),
  });
  const headers = { 'Content-Type': 'application/json' };
  const body = new Blob(['{}'], { type: 'text/plain' });
  await signwayFetch(`${api.origin}/`, { method: 'POST', headers, body });
  expect(api.received[0]?.headers.get('content-type')).toBe('application/json');
});

test('throws what the backend’s callback throws', async () => {
  const signwayFetch = createSignwayFetch({
    getSignedUrl() {
      throw new RangeError('not signed in');
    },
  });
  await expect(signwayFetch('http://127.0.0.1:9/')).rejects.toThrow(new RangeError('not signed in'));
});

test('an abort while the backend signs ends the call at once, though the backend never answers', async () => {
  const leaving = new AbortController();
  const asked = Promise.withResolvers<RequestToSign>();
  const signwayFetch = createSignwayFetch({
    getSignedUrl(request) {
      asked.resolve(request);
      return new Promise(() => {});
    },
  });
  const call = signwayFetch('http://127.0.0.1:9/', { signal: leaving.signal });
  const { signal } = await asked.promise;
  leaving.abort(new Error('left'));
  await expect(call).rejects.toThrow('left');
  expect(signal?.aborted).toBe(true);
});

test('asks the backend nothing for a call that was aborted before', async () => {
  let asked = 0;
  const signwayFetch = createSignwayFetch({ getSignedUrl: () => `http://127.0.0.1:9/${++asked}` });
  const call = signwayFetch('http://127.0.0.1:9/', { signal: AbortSignal.abort(new Error('left')) });
  await expect(call).rejects.toThrow('left');
  expect(asked).toBe(0);
});

type Arguments = [RequestInfo, RequestInit?];
test.each([
  ['the call', (url: string, signal: AbortSignal): Arguments => [url, { signal }]],
  ['a Request', (url: string, signal: AbortSignal): Arguments => [new Request(url, { signal })]],
])('an abort of %s before the answer ends the upstream’s request', async (_, argumentsOf) => {
  await using upstream = await startUpstream();
  await using gateway = startGateway();
  const leaving = new AbortController();
  const signwayFetch = createSignwayFetch({ getSignedUrl: ({ url }) => gateway.sign(url) });
  const call = signwayFetch(...argumentsOf(`${upstream.origin}/`, leaving.signal));
  const connection = await upstream.next();
  leaving.abort();
  await expect(call).rejects.toMatchObject({ name: 'AbortError' });
  await connection.gone;
});

function formWith(text: string): FormData {
  const form = new FormData();
  form.set('file', new File([text], 'a.txt'));
  return form;
}
