import { expect, test } from 'bun:test';
import { askBackend } from './askBackend.ts';
import { startApi } from './testing/startApi.ts';

test('posts the method and the URL, and takes the URL of the answer', async () => {
  await using backend = startApi(() => Response.json({ url: 'https://gw.example.com/?X-Sw-…' }));
  const ask = askBackend(`${backend.origin}/api/sign`);
  const toSign = {
    method: 'POST',
    url: 'https://api.test/v1',
    signal: undefined,
    bytes: () => Promise.reject(),
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

test.each([
  ['refuses', () => Response.json({ detail: 'sign in first' }, { status: 401 }), 401, 'sign in first'],
  ['fails', () => new Response('<h1>oops', { status: 500 }), 500, 'the backend gave no signed URL'],
  ['says something else', () => Response.json({ link: 'x' }), 200, 'the backend gave no signed URL'],
])('a backend that %s is an error with its status', async (_, answer, status, message) => {
  await using backend = startApi(answer);
  await expect(askBackend(backend.origin)()).rejects.toMatchObject({
    code: 'signing_failed',
    status,
    message,
  });
});
