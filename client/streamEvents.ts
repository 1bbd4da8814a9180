import { createParser } from 'eventsource-parser';
import { members, messageOf, parseDocument } from './document.ts';
import { errorOf } from './errorOf.ts';
import { SignwayError } from './signwayError.ts';
import { unlessAborted } from './unlessAborted.ts';

/** One event of an event stream. */
export interface StreamEvent {
  /** The `event` field; `message` where there is none. */
  type: string;
  /** The `data` lines, joined by newlines. */
  data: string;
  /** The `id` field, where there is one. */
  id?: string;
}

export interface StreamOptions {
  /** Stops the stream and the request behind it; reading then throws the signal's reason. */
  signal?: AbortSignal;
}

/**
 * Yields the events of an answer as they arrive (HTML, section 9.2.6). Leaving the loop, by `break` or by an
 * error, ends the request, and with it the upstream's.
 *
 * @throws {SignwayError} the gateway's code for a refusal, or when the gateway ended the stream early;
 * `upstream_error`, `not_an_event_stream`, `broken_off`. An abort throws the signal's reason.
 * @example
 * for await (const { data } of streamEvents(await signwayFetch(url, init))) show(JSON.parse(data));
 */
export async function* streamEvents(
  response: Response | PromiseLike<Response>,
  { signal }: StreamOptions = {},
): AsyncGenerator<StreamEvent, void, void> {
  const answer = await answerOf(response, signal);
  const reader = (await eventStreamOf(answer)).getReader();
  const stop = () => void reader.cancel(signal?.reason).catch(() => {});
  signal?.addEventListener('abort', stop);
  const decoder = new TextDecoder();
  const arrived: StreamEvent[] = [];
  const parser = createParser({
    onEvent: ({ event = 'message', ...rest }) => arrived.push({ ...rest, type: event } as StreamEvent),
  });
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((error) => {
        throw brokenOff(error, { answer, signal });
      });
      signal?.throwIfAborted();
      if (done) return;
      parser.feed(decoder.decode(value, { stream: true }));
      for (const event of arrived.splice(0)) {
        if (event.type === 'signway.error') throw endedEarly(event.data, answer);
        yield event;
        signal?.throwIfAborted();
      }
    }
  } finally {
    signal?.removeEventListener('abort', stop);
    stop();
  }
}

/** An answer that comes after the abort is not read, and so not waited for by anyone. */
async function answerOf(
  response: Response | PromiseLike<Response>,
  signal: AbortSignal | undefined,
): Promise<Response> {
  const coming = Promise.resolve(response);
  try {
    return await unlessAborted(coming, signal);
  } catch (error) {
    coming.then(({ body }) => body?.cancel()).catch(() => {});
    throw error;
  }
}

async function eventStreamOf(answer: Response): Promise<ReadableStream<Uint8Array>> {
  const error = await errorOf(answer);
  if (error !== null) throw error;
  const { body, status, headers } = answer;
  if (body !== null && /^text\/event-stream\s*(?:;|$)/i.test(headers.get('content-type') ?? '')) return body;
  await body?.cancel();
  throw new SignwayError('not_an_event_stream', 'the answer is not an event stream', { status, headers });
}

/** An abort stays what it is; everything else that ends a body early is the connection. */
function brokenOff(
  cause: unknown,
  { answer, signal }: { answer: Response; signal: AbortSignal | undefined },
): unknown {
  if (signal?.aborted) return signal.reason;
  const { name } = members(cause);
  if (name === 'AbortError' || name === 'TimeoutError') return cause;
  const { headers } = answer;
  return new SignwayError('broken_off', 'the connection broke before the answer was whole', {
    headers,
    cause,
  });
}

function endedEarly(data: string, { headers }: Response): SignwayError {
  const document = parseDocument(data);
  const { code, status } = members(document);
  return new SignwayError(String(code), messageOf(document) ?? 'the gateway ended the stream', {
    headers,
    document,
    ...(typeof status === 'number' && { status }),
  });
}
