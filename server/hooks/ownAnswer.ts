import { AnswerStream } from '../answerStream.ts';
import { type ClientAnswer, type FieldLines, hasBody } from '../clientAnswer.ts';
import type { ClientRequest } from '../clientRequest.ts';
import { isEventStream } from '../eventStream.ts';
import type { Exchange } from '../exchange.ts';
import type { Cors } from '../headers/cors.ts';
import type { AnswerBody, Cancellation, Ending } from '../transport/transport.ts';

export interface OwnAnswerContext {
  readonly request: ClientRequest;
  readonly exchange: Exchange;
  readonly cors: Cors;
  readonly streams: Set<AnswerStream>;
}

/** Hands a hook's `Response` to the client. A body that throws breaks the client's connection. */
export function ownAnswer(response: Response, context: OwnAnswerContext): ClientAnswer {
  const { request, exchange, cors, streams } = context;
  const { status, body } = response;
  const statusText = REASON_PHRASE.test(response.statusText) ? response.statusText : '';
  const { fixed } = cors;
  const headers = [...response.headers].filter(([name]) => !isOurs(name, fixed));
  headers.push(['X-Sw-Request-Id', exchange.id]);
  cors.allow(headers, request);
  exchange.status = status;
  exchange.head();
  if (body !== null && hasBody(request.method, status)) {
    const events = isEventStream(headers);
    const options = { exchange, length: null, events, silence: 0, streams };
    return {
      status,
      statusText,
      passed: null,
      headers,
      fixed,
      body: new AnswerStream(piped(body, request.gone), options),
    };
  }
  body?.cancel().catch(() => {});
  exchange.end('complete');
  return { status, statusText, passed: null, headers, fixed, body: null };
}

/** Framing is the front's; `X-Sw-*`, CORS and what protects the page are the gateway's. */
function isOurs(name: string, fixed: FieldLines): boolean {
  if (FRAMING.has(name) || name.startsWith('access-control-') || name.startsWith('x-sw-')) return true;
  return fixed.pairs.some(([each]) => each.toLowerCase() === name);
}

/** RFC 9112, section 4. Bun lets any text be one (1.4.5), line ends too: the head would be split there. */
const REASON_PHRASE = /^[\t\x20-\x7e\x80-\xff]*$/;

const FRAMING: ReadonlySet<string> = new Set(['content-length', 'transfer-encoding', 'connection', 'date']);

/** Bun's streams may hold text beside bytes. Anything else is no body. */
function bytesOf(part: unknown): Uint8Array {
  if (part instanceof Uint8Array) return part;
  if (typeof part === 'string') return Buffer.from(part);
  throw new TypeError('a stream of neither bytes nor text');
}

/** A stream as an answer's body. */
function piped(stream: ReadableStream<Uint8Array>, gone: Cancellation): AnswerBody {
  const reader = stream.getReader();
  let ending: Ending = { kind: 'complete' };
  const cancel = () => {
    ending = { kind: 'aborted' };
    reader.cancel().catch(() => {});
  };
  const leaving = { handleEvent: cancel };
  return {
    whole: null,
    framing: 'chunked',
    cancel,
    async pipe(sink) {
      gone.addEventListener('abort', leaving);
      if (gone.aborted) cancel();
      try {
        for (let part = await reader.read(); !part.done; part = await reader.read()) {
          const written = sink.write(bytesOf(part.value));
          if (written !== undefined) await written;
        }
      } catch {
        if (ending.kind === 'complete') ending = { kind: 'broken', reason: 'body: the hook threw' };
        reader.cancel().catch(() => {});
      } finally {
        gone.removeEventListener('abort', leaving);
      }
      return ending;
    },
  };
}
