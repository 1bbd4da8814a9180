import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { readEvents, type StreamEvent } from './readEvents.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

async function read(...chunks: (string | Uint8Array)[]): Promise<StreamEvent[]> {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(typeof chunk === 'string' ? bytes(chunk) : chunk);
      controller.close();
    },
  });
  return Array.fromAsync(readEvents(body));
}

const messages = (...data: string[]) => data.map((each) => ({ type: 'message', data: each }));

test('reads LF, CRLF and CR line ends alike', async () => {
  expect(await read('data: a\n\ndata: b\r\n\r\ndata: c\r\r')).toEqual(messages('a', 'b', 'c'));
});

test('takes a CR and an LF in two chunks as one line end', async () => {
  expect(await read('data: a\r', '\ndata: b\r', '\n\r', '\ndata: c\n\n')).toEqual(messages('a\nb', 'c'));
});

test('yields an event that ends in a bare CR without waiting for more', async () => {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const events = readEvents(readable);
  const first = events.next();
  const writing = writable.getWriter().write(bytes('data: a\r\r'));
  expect(await first).toEqual({ done: false, value: { type: 'message', data: 'a' } });
  await writing;
  await events.return(undefined);
});

test('skips comments, a byte-order mark and unknown fields, and joins data lines', async () => {
  expect(await read('\uFEFF: hello\n\n:\nid: 7\nretry: 1\nevent: x\ndata: a\ndata:b\ndata\n\n')).toEqual([
    { type: 'x', data: 'a\nb\n' },
  ]);
});

test('drops an event without data, and one that the end cuts off', async () => {
  expect(await read('event: x\n\ndata: a\n\ndata: cut')).toEqual(messages('a'));
});

test('takes one space off a value, not two', async () => {
  expect(await read('data:  a\n\n')).toEqual(messages(' a'));
});

test('reads the same events wherever the bytes are split', async () => {
  const text = ': hi\r\n\r\nevent: token\r\ndata: grüße 👋\r\n\r\ndata: b\rdata: c\r\rdata: [DONE]\n\n';
  const whole = await read(text);
  expect(whole).toHaveLength(3);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(bytes(text).length), { maxLength: 12 }), async (cuts) => {
      const ends = [...cuts, bytes(text).length].sort((a, b) => a - b);
      const chunks = ends.map((end, index) => bytes(text).slice(ends[index - 1] ?? 0, end));
      expect(await read(...chunks)).toEqual(whole);
    }),
    { numRuns: 200 },
  );
});

test('cancels the body when its reader stops early', async () => {
  const cancelled = Promise.withResolvers<void>();
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(bytes('data: a\n\n')),
    cancel: () => cancelled.resolve(),
  });
  for await (const _ of readEvents(body)) break;
  await cancelled.promise;
});
