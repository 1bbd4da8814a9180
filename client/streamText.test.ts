import { expect, test } from 'bun:test';
import { streamText } from './streamText.ts';
import { startApi } from './testing/startApi.ts';

const sse = (...events: (object | string)[]) =>
  events
    .map((event) => {
      if (typeof event === 'string') return `data: ${event}\n\n`;
      return `event: ${(event as { type?: string }).type ?? 'message'}\ndata: ${JSON.stringify(event)}\n\n`;
    })
    .join('');

const answered = (body: string) =>
  startApi(() => new Response(body, { headers: { 'Content-Type': 'text/event-stream; charset=utf-8' } }));

test.each([
  [
    'OpenAI’s chat completions',
    sse(
      { choices: [{ delta: { role: 'assistant', content: '' } }] },
      { choices: [{ delta: { content: 'Hel' } }] },
      { choices: [{ delta: { content: 'lo' } }] },
      { choices: [{ delta: {}, finish_reason: 'stop' }] },
      { choices: [], usage: { total_tokens: 3 } },
      '[DONE]',
      'not read any more',
    ),
  ],
  [
    'OpenAI’s responses',
    sse(
      { type: 'response.created', response: {} },
      { type: 'response.output_text.delta', delta: 'Hel' },
      { type: 'response.function_call_arguments.delta', delta: '{"x":' },
      { type: 'response.output_text.delta', delta: 'lo' },
      { type: 'response.output_text.done', text: 'Hello' },
      { type: 'response.completed', response: { error: null } },
    ),
  ],
  [
    'Anthropic’s messages',
    sse(
      { type: 'message_start', message: { content: [] } },
      { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
      { type: 'ping' },
      { type: 'content_block_delta', delta: { type: 'thinking_delta', thinking: 'Hm' } },
      { type: 'content_block_delta', delta: { type: 'text_delta', text: 'Hel' } },
      { type: 'content_block_delta', delta: { type: 'input_json_delta', partial_json: '{' } },
      { type: 'content_block_delta', delta: { type: 'text_delta', text: 'lo' } },
      { type: 'message_stop' },
    ),
  ],
  [
    'Gemini’s content',
    sse(
      { candidates: [{ content: { parts: [{ text: 'Hm', thought: true }, { text: 'Hel' }] } }] },
      { candidates: [{ content: { parts: [{ functionCall: { name: 'f' } }] } }] },
      { candidates: [{ content: { parts: [{ text: 'l' }, { text: 'o' }] }, finishReason: 'STOP' }] },
      { usageMetadata: {} },
    ),
  ],
])('yields the text of %s and nothing else', async (_, body) => {
  await using api = answered(body);
  const pieces = await Array.fromAsync(streamText(fetch(api.origin)));
  expect(pieces.join('')).toBe('Hello');
  expect(pieces).toHaveLength(2);
});

test.each([
  ['Anthropic', { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }],
  ['OpenAI’s chat completions', { error: { message: 'Overloaded', code: null } }],
  ['OpenAI’s responses', { type: 'error', message: 'Overloaded', code: 'server_error' }],
  ['a failed response', { type: 'response.failed', response: { error: { message: 'Overloaded' } } }],
])('throws the error that %s sends as an event', async (_, event) => {
  await using api = answered(sse({ choices: [{ delta: { content: 'Hel' } }] }, event));
  const text = streamText(await fetch(api.origin));
  expect(await text.next()).toEqual({ done: false, value: 'Hel' });
  await expect(text.next()).rejects.toMatchObject({
    code: 'upstream_error',
    message: 'Overloaded',
    document: event,
  });
});

test('reads on after [DONE] to the end, so that the connection is kept and nobody seems to have left', async () => {
  const chunks = [sse({ choices: [{ delta: { content: 'Hello' } }] }), sse('[DONE]')];
  let ending: string | undefined;
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const next = chunks.shift();
        if (next !== undefined) return controller.enqueue(new TextEncoder().encode(next));
        ending = 'whole';
        controller.close();
      },
      cancel() {
        ending = 'left';
      },
    },
    { highWaterMark: 0 },
  );
  const answer = new Response(body, { headers: { 'Content-Type': 'text/event-stream' } });
  expect(await Array.fromAsync(streamText(answer))).toEqual(['Hello']);
  expect(ending).toBe('whole');
});

test('takes the text that a function of the caller’s finds', async () => {
  await using api = answered(sse({ token: 'Hel' }, { other: 1 }, { token: 'lo' }));
  const textOf = ({ data }: { data: string }) => JSON.parse(data).token;
  expect(await Array.fromAsync(streamText(fetch(api.origin), { textOf }))).toEqual(['Hel', 'lo']);
});
