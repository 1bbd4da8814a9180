import { expect, test } from 'bun:test';
import { startUpstream } from '../server/testing/scriptedUpstream.ts';
import { askBackend } from './askBackend.ts';
import { startApi } from './testing/startApi.ts';

const NEVER = () => Promise.reject();

test('posts the method and the URL, and takes the URL of the answer', async () => {
  await using backend = startApi(() => Response.json({ url: 'https://gw.example.com/?X-Sw-…' }));
  const ask = askBackend(`${backend.origin}/api/sign`);
  const toSign = {
    method: 'POST',
    url: 'https://api.test/v1',
    signal: undefined,
    bytes: NEVER,
  };
  expect(await ask(toSign)).toBe('https://gw.example.com/?X-Sw-…');
  const [call] = backend.received;
  expect(call).toMatchObject({ method: 'POST', path: '/api/sign' });
  expect(call?.headers.get('content-type')).toBe('application/json');
  expect(JSON.parse(call?.body ?? '')).toEqual({ method: 'POST', url: 'https://api.test/v1' });
});

test('asks for a grant with an empty object', async () => {
  await using backend = startApi(() => Response.json({ url: 'https://gw.example.com/s/x/' }));
  expect(await askBackend(backend.origin)()).toBe('https://gw.example.com/s/x/');
  expect(backend.received[0]?.body).toBe('{}');
});

const NONE = 'the backend gave no signed URL';

test.each([
  ['refuses', () => Response.json({ detail: 'sign in first' }, { status: 401 }), 401, 'sign in first'],
  ['fails', () => new Response('<h1>oops', { status: 500 }), 500, NONE],
  [
    'refuses, though it names a URL,',
    () => Response.json({ url: 'https://a.test/' }, { status: 403 }),
    403,
    NONE,
  ],
  ['says something else', () => Response.json({ link: 'x' }), 200, NONE],
])('a backend that %s is an error with its status', async (_, answer, status, message) => {
  await using backend = startApi(answer);
  await expect(askBackend(backend.origin)()).rejects.toMatchObject({
    code: 'signing_failed',
    status,
    message,
  });
});

test('an abort of the call ends the question', async () => {
  await using backend = await startUpstream();
  const leaving = new AbortController();
  const { signal } = leaving;
  const asking = askBackend(backend.origin)({
    method: 'GET',
    url: 'https://api.test/',
    signal,
    bytes: NEVER,
  });
  const connection = await backend.next();
  leaving.abort(new Error('left'));
  await expect(asking).rejects.toThrow('left');
  await connection.gone;
});
