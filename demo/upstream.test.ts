import { afterAll, expect, test } from 'bun:test';
import { streamEvents } from 'signway/client';
import { answerFor } from './answerFor.ts';
import { maskKey } from './requestLog.ts';
import { startUpstream } from './upstream.ts';

const key = 'sk-demo-0123456789abcdef';
const upstream = startUpstream({ key, pace: () => Promise.resolve() });
afterAll(() => upstream.stop());

function complete(body: unknown, headers: Record<string, string> = { authorization: `Bearer ${key}` }) {
  const url = `${upstream.origin}/v1/chat/completions`;
  return fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
}

const chat = (stream: boolean) => ({ model: 'm', stream, messages: [{ role: 'user', content: 'Why?' }] });

test('streams chunks that add up to the answer, then [DONE]', async () => {
  const response = await complete(chat(true));
  expect(response.headers.get('content-type')).toStartWith('text/event-stream');
  const events = await Array.fromAsync(streamEvents(response));
  expect(events.pop()?.data).toBe('[DONE]');
  const chunks = events.map(({ data }) => JSON.parse(data));
  expect(chunks.every((chunk) => chunk.object === 'chat.completion.chunk' && chunk.model === 'm')).toBe(true);
  expect(chunks.map((chunk) => chunk.choices[0].delta.content ?? '').join('')).toBe(answerFor('Why?'));
  expect(chunks.at(-1).choices[0].finish_reason).toBe('stop');
});

test('answers in one piece when no stream is asked for', async () => {
  const { object, choices } = await (await complete(chat(false))).json();
  expect(object).toBe('chat.completion');
  expect(choices[0].message.content).toBe(answerFor('Why?'));
});

test('refuses a request without the key, or with another, in the API’s own error shape', async () => {
  for (const headers of [{}, { authorization: 'Bearer sk-other' }, { authorization: key }]) {
    const response = await complete(chat(true), headers as Record<string, string>);
    expect(response.status).toBe(401);
    expect((await response.json()).error).toMatchObject({
      code: 'invalid_api_key',
      type: 'invalid_request_error',
    });
  }
});

test('refuses a body that is no chat', async () => {
  for (const body of [
    null,
    7,
    {},
    { model: 'm', messages: [] },
    { model: 'm', messages: [{ content: 1 }] },
  ]) {
    expect((await complete(body)).status).toBe(400);
  }
});

test('shows what it received with the key masked, wherever the key was sent', async () => {
  const id = crypto.randomUUID();
  await complete(chat(false), { authorization: `Bearer ${key}`, 'x-copy': key, 'x-client-request-id': id });
  const text = await (await fetch(`${upstream.origin}/inspect/${id}`)).text();
  expect(text).not.toContain(key);
  expect(JSON.parse(text).headers).toContainEqual(['authorization', 'Bearer sk-…cdef']);
  expect(JSON.parse(text)).toMatchObject({ method: 'POST', path: '/v1/chat/completions', state: 'finished' });
});

test('knows no request that it has not received', async () => {
  expect((await fetch(`${upstream.origin}/inspect/nobody`)).status).toBe(404);
});

test('masks a key down to its last four characters, and a short one altogether', () => {
  expect(maskKey('sk-demo-0123abcd')).toBe('sk-…abcd');
  expect(maskKey('0123456789abcdef')).toBe('…cdef');
  expect(maskKey('short')).toBe('…');
});
