import { expect, test } from 'bun:test';
import { startGateway } from '../server/testing/gateway.ts';
import { startUpstream, type UpstreamConnection } from '../server/testing/scriptedUpstream.ts';
import { createSignwayFetch } from './createSignwayFetch.ts';
import { errorOf } from './errorOf.ts';
import type { StreamOptions } from './readText.ts';
import { type StreamEvent, streamEvents } from './streamEvents.ts';
import { startApi } from './testing/startApi.ts';

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n';
const chunk = (text: string | Uint8Array) => {
  const bytes = Buffer.from(text as string);
  return Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]);
};

test('yields each event as it is sent, and ends with the stream', async () => {
  await using opened = await openStream();
  const { connection, events } = opened;
  connection.send(chunk('data: one\n\n'));
  expect(await next(events)).toEqual({ type: 'message', data: 'one' });
  connection.send(chunk('event: delta\r\nid: 7\r\ndata: {"a":\r\ndata: 1}\r\n\r\n: a comment\r\n\r\n'));
  expect(await next(events)).toEqual({ type: 'delta', id: '7', data: '{"a":\n1}' });
  connection.send(chunk('data: a\n\ndata: b\n\ndata: cut off'));
  expect(await next(events)).toEqual({ type: 'message', data: 'a' });
  expect(await next(events)).toEqual({ type: 'message', data: 'b' });
  connection.send('0\r\n\r\n');
  expect(await events.next()).toEqual({ done: true, value: undefined });
});

test('yields an event whose lines end in CR at once, and takes an LF that comes later for its own', async () => {
  await using opened = await openStream();
  const { connection, events } = opened;
  connection.send(chunk('data: one\r\r'));
  expect(await next(events)).toEqual({ type: 'message', data: 'one' });
  connection.send(chunk('\ndata: two\r'));
  connection.send(chunk('\ndata: lines\r\n\r'));
  expect(await next(events)).toEqual({ type: 'message', data: 'two\nlines' });
  connection.send(`${chunk('data: last\r\r')}0\r\n\r\n`);
  expect(await next(events)).toEqual({ type: 'message', data: 'last' });
  expect(await events.next()).toEqual({ done: true, value: undefined });
});

test('reads a character that two chunks share', async () => {
  const bytes = new TextEncoder().encode('data: 👋\n\n');
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(bytes.subarray(0, 8));
      controller.enqueue(bytes.subarray(8));
      controller.close();
    },
  });
  const events = streamEvents(new Response(body, { headers: { 'Content-Type': 'text/event-stream' } }));
  expect(await next(events)).toEqual({ type: 'message', data: '👋' });
});

test('leaving the loop ends the upstream’s request', async () => {
  await using opened = await openStream();
  const { connection, events } = opened;
  connection.send(chunk('data: one\n\n'));
  for await (const event of events) {
    expect(event.data).toBe('one');
    break;
  }
  await connection.gone;
});

test('an abort of the call throws its reason and ends the upstream’s request', async () => {
  const leaving = new AbortController();
  await using opened = await openStream({ call: leaving.signal });
  const { connection, events } = opened;
  connection.send(chunk('data: one\n\n'));
  await events.next();
  const waiting = events.next();
  leaving.abort(new RangeError('enough'));
  await expect(waiting).rejects.toThrow(new RangeError('enough'));
  await connection.gone;
});

test('an abort of the stream’s own signal throws its reason and ends the upstream’s request', async () => {
  const leaving = new AbortController();
  await using opened = await openStream({ stream: { signal: leaving.signal } });
  const { connection, events } = opened;
  connection.send(chunk('data: one\n\n'));
  await events.next();
  const waiting = events.next();
  leaving.abort(new Error('enough'));
  await expect(waiting).rejects.toThrow('enough');
  await connection.gone;
});

test('an abort between two events that came together keeps the second back', async () => {
  const leaving = new AbortController();
  await using opened = await openStream({ stream: { signal: leaving.signal } });
  const { connection, events } = opened;
  connection.send(chunk('data: one\n\ndata: two\n\n'));
  expect(await next(events)).toEqual({ type: 'message', data: 'one' });
  leaving.abort(new Error('enough'));
  await expect(events.next()).rejects.toThrow('enough');
  await connection.gone;
});

test('a signal that is aborted already throws at once', async () => {
  await using opened = await openStream({ stream: { signal: AbortSignal.abort(new Error('too late')) } });
  await expect(opened.events.next()).rejects.toThrow('too late');
  await opened.connection.gone;
});

test('an abort of the stream’s own signal does not wait for the answer to come', async () => {
  await using upstream = await startUpstream();
  await using gateway = startGateway();
  const leaving = new AbortController();
  const events = streamEvents(fetch(gateway.sign(`${upstream.origin}/`)), leaving);
  const waiting = events.next();
  const connection = await upstream.next();
  leaving.abort(new Error('enough'));
  await expect(waiting).rejects.toThrow('enough');
  connection.send(HEAD + chunk('data: late\n\n').toString());
  await connection.gone;
});

test('a connection that breaks is an error, never an end', async () => {
  await using opened = await openStream();
  const { connection, events } = opened;
  connection.send(chunk('data: one\n\n'));
  await events.next();
  connection.socket.destroy();
  await expect(events.next()).rejects.toMatchObject({
    code: 'broken_off',
    requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
  });
});

test('the gateway’s last event is an error with its code', async () => {
  await using opened = await openStream();
  const { connection, events, gateway } = opened;
  connection.send(chunk('data: one\n\n'));
  await events.next();
  const stopping = gateway.stop({ drain: 0 });
  await expect(events.next()).rejects.toMatchObject({ code: 'shutting_down', status: 503 });
  await stopping;
});

test('a refusal is an error with its code', async () => {
  await using gateway = startGateway();
  const refused = fetch(gateway.sign('http://127.0.0.1:9/', { expiry: 0, date: '20260101T000000Z' }));
  await expect(streamEvents(refused).next()).rejects.toMatchObject({ code: 'expired', status: 400 });
});

test.each([
  ['in JSON', { error: { message: 'no such model', type: 'invalid_request_error' } }, 'no such model'],
  ['in text', 'down for the night', 'the answer’s status is 503'.replace('’', "'")],
])(
  'an error of the API’s own, %s, is an error with its status and document',
  async (_, document, message) => {
    await using api = startApi(() => {
      const headers = { 'Retry-After': '7' };
      return typeof document === 'string'
        ? new Response(document, { status: 503, headers })
        : Response.json(document, { status: 503, headers });
    });
    await using gateway = startGateway();
    const failed = fetch(gateway.sign(`${api.origin}/`));
    await expect(streamEvents(failed).next()).rejects.toMatchObject({
      code: 'upstream_error',
      status: 503,
      message,
      document,
      retryAfter: 7,
      retryable: true,
    });
  },
);

const HALF_AN_ERROR =
  'HTTP/1.1 500 Oops\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"error":';

test('an abort of the stream’s own signal does not wait for the rest of an error', async () => {
  const leaving = new AbortController();
  await using opened = await openStream({ head: HALF_AN_ERROR, stream: { signal: leaving.signal } });
  const waiting = opened.events.next();
  await opened.answered;
  leaving.abort(new Error('enough'));
  await expect(waiting).rejects.toThrow('enough');
  await opened.connection.gone;
});

test('an error that breaks off is a connection that broke', async () => {
  await using opened = await openStream({ head: HALF_AN_ERROR });
  const waiting = opened.events.next();
  await opened.answered;
  opened.connection.socket.destroy();
  await expect(waiting).rejects.toMatchObject({ name: 'SignwayError', code: 'broken_off' });
});

test('an answer without events is an error, not an empty stream, and is not waited for', async () => {
  await using opened = await openStream({ head: HEAD.replace('event-stream', 'plain') });
  await expect(opened.events.next()).rejects.toMatchObject({ code: 'not_an_event_stream', status: 200 });
  await opened.connection.gone;
});

test('the error of an answer is not read for a signal that is aborted already', async () => {
  const signal = AbortSignal.abort(new Error('too late'));
  const answer = new Response(new ReadableStream(), { status: 500 });
  await expect(errorOf(answer, { signal })).rejects.toThrow('too late');
});

test('a date in Retry-After is not taken for seconds', async () => {
  const headers = { 'Retry-After': 'Fri, 31 Dec 2027 23:59:59 GMT' };
  const error = await errorOf(new Response('', { status: 503, headers }));
  expect(error?.retryAfter).toBeNull();
});

interface OpenStream extends AsyncDisposable {
  connection: UpstreamConnection;
  answered: Promise<Response>;
  events: AsyncGenerator<StreamEvent, void, void>;
  gateway: ReturnType<typeof startGateway>;
}

/** A stream through the gateway whose upstream the test plays by hand; its head is sent. */
async function openStream({
  head = HEAD,
  call,
  stream,
}: {
  head?: string;
  call?: AbortSignal;
  stream?: StreamOptions;
} = {}): Promise<OpenStream> {
  const upstream = await startUpstream();
  const gateway = startGateway();
  const signwayFetch = createSignwayFetch({ getSignedUrl: ({ url }) => gateway.sign(url) });
  const answered = signwayFetch(`${upstream.origin}/`, {
    headers: { Accept: 'text/event-stream' },
    ...(call && { signal: call }),
  });
  const connection = await upstream.next();
  connection.send(head);
  return {
    connection,
    answered,
    gateway,
    events: streamEvents(answered, stream),
    async [Symbol.asyncDispose]() {
      await gateway[Symbol.asyncDispose]();
      await upstream[Symbol.asyncDispose]();
    },
  };
}

async function next(events: AsyncGenerator<StreamEvent, void, void>): Promise<StreamEvent | undefined> {
  const { value } = await events.next();
  return value ?? undefined;
}
