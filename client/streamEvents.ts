import { createParser } from 'eventsource-parser';
import { members, messageOf, parseDocument } from './document.ts';
import { errorOf } from './errorOf.ts';
import { readText, type StreamOptions } from './readText.ts';
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

/**
 * Yields the events of an answer as they arrive (HTML, section 9.2.6). Leaving the loop, by `break` or by an
 * error, ends the request, and with it the upstream's.
 *
 * @throws {SignwayError} the gateway's code for a refusal, or when the gateway ended the stream early;
 * `upstream_error`, `not_an_event_stream`, `broken_off`. An abort throws its signal's reason.
 * @example
 * for await (const { data } of streamEvents(await signwayFetch(url, init))) show(JSON.parse(data));
 */
export async function* streamEvents(
  response: Response | PromiseLike<Response>,
  options: StreamOptions = {},
): AsyncGenerator<StreamEvent, void, void> {
  const answer = await answerOf(response, options);
  await requireEvents(answer, options);
  const arrived: StreamEvent[] = [];
  const parser = createParser({
    onEvent: ({ event = 'message', ...rest }) => arrived.push({ ...rest, type: event } as StreamEvent),
  });
  let endsInCr = false;
  for await (const text of readText(answer, options)) {
    // A CR ends its line, but the parser waits for the LF that may follow it: for the next event, or for ever.
    const lines = endsInCr && text.startsWith('\n') ? text.slice(1) : text;
    endsInCr = text.endsWith('\r');
    parser.feed(endsInCr ? `${lines}\n` : lines);
    for (const event of arrived.splice(0)) {
      if (event.type === 'signway.error') throw endedEarly(event.data, answer);
      yield event;
      options.signal?.throwIfAborted();
    }
  }
}

/** An answer that comes after the abort is not read, and so not waited for by anyone. */
async function answerOf(
  response: Response | PromiseLike<Response>,
  { signal }: StreamOptions,
): Promise<Response> {
  const coming = Promise.resolve(response);
  try {
    return await unlessAborted(coming, signal);
  } catch (error) {
    coming.then(({ body }) => body?.cancel()).catch(() => {});
    throw error;
  }
}

async function requireEvents(answer: Response, options: StreamOptions): Promise<void> {
  const error = await errorOf(answer, options);
  if (error !== null) throw error;
  const { body, status, headers } = answer;
  if (body !== null && /^text\/event-stream\s*(?:;|$)/i.test(headers.get('content-type') ?? '')) return;
  await body?.cancel();
  throw new SignwayError('not_an_event_stream', 'the answer is not an event stream', { status, headers });
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
