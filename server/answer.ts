import { Refusal, type RefusalCode } from '../signing/refusal.ts';
import { COMMENT, EventStreamTail, errorEvent, isEventStream, mayBeginWithComment } from './eventStream.ts';
import type { Exchange } from './exchange.ts';
import type { ClientHeaders } from './headers/clientHeaders.ts';
import type { Cors } from './headers/cors.ts';
import type { Limits } from './limits.ts';
import type { AnswerBody, BodySink, Ending, UpstreamAnswer } from './transport/transport.ts';

export interface AnswerContext {
  readonly request: Request;
  readonly upstream: URL;
  /** What must never come back in a header. */
  readonly secrets: readonly string[];
  readonly clientHeaders: ClientHeaders;
  readonly cors: Cors;
  readonly exchange: Exchange;
  readonly limits: Pick<Limits, 'silenceTimeout' | 'eventStreamSilenceTimeout'>;
  /** The answers that are being streamed, so that a shutdown can break them off. */
  readonly streams: Set<StreamedAnswer>;
}

/** An answer on its way to the client. */
export interface StreamedAnswer {
  /** Ends it now, uncleanly. An event stream is told why, if it stands between two events. */
  breakOff(code: RefusalCode, detail: string): void;
}

/**
 * Hands an upstream's answer to the client: its status and headers less what must end here, its bytes as they
 * come. A body that does not end as it should breaks the client's connection, never ends it cleanly.
 *
 * @throws {Refusal} `upstream_invalid_response` for a status that is no final one
 */
export function respond(answer: UpstreamAnswer, context: AnswerContext): Response {
  const { request, exchange, cors } = context;
  if (answer.status < 200 || answer.status > 599) {
    answer.body.cancel();
    throw new Refusal('upstream_invalid_response', 'the upstream sent an invalid answer', {
      cause: 'head: status outside 200 to 599',
    });
  }
  const headers = context.clientHeaders(answer.headers, context);
  headers.set('X-Sw-Request-Id', exchange.id);
  cors.allow(headers, request);
  exchange.status = answer.status;
  exchange.head();

  const { whole } = answer.body;
  if (whole === null) {
    if (isEventStream(headers)) headers.set('X-Accel-Buffering', 'no');
    const body = streamed(answer.body, { ...context, headers });
    return new Response(body, { status: answer.status, headers });
  }
  exchange.bytesOut = whole.byteLength;
  exchange.end('complete');
  if (request.method === 'HEAD' || answer.status === 304) {
    const length = answer.headers.find(([name]) => name.toLowerCase() === 'content-length');
    if (length !== undefined) headers.set('Content-Length', length[1]);
    return new Response(null, { status: answer.status, headers });
  }
  const body = BODILESS.has(answer.status) ? null : headers.has('content-type') ? whole : untyped(whole);
  return new Response(body as BodyInit | null, { status: answer.status, headers });
}

const BODILESS = new Set([204, 205]);

/** How long the first byte of an event stream may take before a comment line releases the answer's head. */
const COMMENT_AFTER_MS = 20;

const LAST_WORDS_MS = 20;

/** Bun.serve invents a `Content-Type` for bytes, not for a stream; one that ends at once keeps its length. */
function untyped(bytes: Uint8Array): ReadableStream {
  return direct((controller) => {
    controller.write(bytes);
    controller.end();
  });
}

function streamed(body: AnswerBody, context: AnswerContext & { headers: Headers }): ReadableStream {
  const { request, headers, exchange, limits, streams } = context;
  const tail = isEventStream(headers) ? new EventStreamTail() : null;
  let brokenOff: { code: RefusalCode; detail: string } | null = null;
  const stream: StreamedAnswer = {
    breakOff(code, detail) {
      brokenOff = { code, detail };
      body.cancel();
    },
  };
  streams.add(stream);

  return direct(async (controller) => {
    let comment: Timer | undefined;
    if (mayBeginWithComment(request, headers)) {
      comment = setTimeout(() => controller.write(COMMENT), COMMENT_AFTER_MS);
    }
    const sink: BodySink = {
      write(bytes) {
        clearTimeout(comment);
        exchange.bytesOut += bytes.byteLength;
        tail?.push(bytes);
        const written = controller.write(bytes);
        return typeof written === 'number' ? undefined : written;
      },
    };
    const silence = tail === null ? limits.silenceTimeout : limits.eventStreamSilenceTimeout;
    const ending = await body.pipe(sink, { silence });
    clearTimeout(comment);
    streams.delete(stream);
    if (brokenOff !== null) {
      const { code, detail } = brokenOff;
      // In the middle of an event nothing is written: it would show the broken event as a whole one.
      if (tail?.betweenEvents === true) {
        controller.write(errorEvent(code, detail));
        controller.flush();
        // The connection is reset next, and a reset overtakes what the client has not read yet.
        await Bun.sleep(LAST_WORDS_MS);
      }
      exchange.end('shut_down', { code });
      throw new BrokenOff();
    }
    if (ending.kind === 'complete' && !isCutOff(body, tail)) {
      exchange.end('complete');
      controller.end();
      return;
    }
    exchange.end(...recorded(ending));
    throw new BrokenOff();
  });
}

/**
 * A body that only the connection's close delimits looks the same when it is cut off; of an event stream the
 * API's own end marker tells.
 */
function isCutOff(body: AnswerBody, tail: EventStreamTail | null): boolean {
  return body.framing === 'close' && tail !== null && !tail.sawEndMarker;
}

function recorded(ending: Ending): Parameters<Exchange['end']> {
  switch (ending.kind) {
    case 'complete':
      return ['broken', { reason: 'body: closed without an end marker' }];
    case 'broken':
      return ['broken', { reason: ending.reason }];
    case 'timed_out':
      return ['timed_out', { reason: `body: ${ending.deadline} deadline` }];
    case 'aborted':
      return ['client_gone'];
  }
}

/** Rejecting a stream with anything breaks the client's connection; this says nothing to nobody. */
class BrokenOff extends Error {}

interface DirectController {
  /** A promise while the client reads more slowly than is written. */
  write(bytes: Uint8Array): number | Promise<number>;
  /** Sends what was written now; without it, that happens at the end of the turn. */
  flush(): void;
  end(): void;
}

/** Bun's direct stream: what is written goes to the socket without a queue in between. */
function direct(pull: (controller: DirectController) => void | Promise<void>): ReadableStream {
  return new ReadableStream({ type: 'direct', pull } as unknown as UnderlyingDefaultSource);
}
