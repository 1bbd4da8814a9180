import { Refusal, type RefusalCode } from '../signing/refusal.ts';
import type { UpstreamUrl } from '../signing/upstreamUrl.ts';
import type { ClientAnswer, StreamedBody } from './clientAnswer.ts';
import type { ClientRequest } from './clientRequest.ts';
import { EventStreamTail, errorEvent, isEventStream } from './eventStream.ts';
import type { Exchange } from './exchange.ts';
import { type ClientHeaders, holdsSecret } from './headers/clientHeaders.ts';
import type { Cors } from './headers/cors.ts';
import type { Limits } from './limits.ts';
import type { AnswerBody, BodySink, Ending, HeaderPairs, UpstreamAnswer } from './transport/transport.ts';

export interface AnswerContext {
  readonly request: ClientRequest;
  readonly upstream: UpstreamUrl;
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
export function respond(answer: UpstreamAnswer, context: AnswerContext): ClientAnswer {
  const { request, exchange, cors } = context;
  const { status } = answer;
  if (status < 200 || status > 599) {
    answer.body.cancel();
    throw new Refusal('upstream_invalid_response', 'the upstream sent an invalid answer', {
      cause: 'head: status outside 200 to 599',
    });
  }
  const statusText = holdsSecret(answer.statusText, context.secrets) ? '' : answer.statusText;
  const headers = context.clientHeaders(answer.headers, context);
  headers.push(['X-Sw-Request-Id', exchange.id]);
  if (exchange.hold !== null) headers.push(...exchange.hold.fields);
  cors.allow(headers, request);
  exchange.status = status;
  exchange.head();

  const { whole } = answer.body;
  if (whole === null) {
    const events = isEventStream(answer.headers);
    if (events) headers.push(['X-Accel-Buffering', 'no']);
    const length = answer.body.framing === 'length' ? declaredLength(answer.headers) : undefined;
    const body = streamed(answer.body, { ...context, events, length: length ?? null });
    return { status, statusText, headers, body };
  }
  exchange.bytesOut = whole.byteLength;
  exchange.end('complete');
  if (request.method !== 'HEAD' && !BODILESS.has(status)) return { status, statusText, headers, body: whole };
  const length = status === 204 || status === 205 ? undefined : declaredLength(answer.headers);
  if (length !== undefined) headers.push(['Content-Length', String(length)]);
  return { status, statusText, headers, body: null };
}

const BODILESS = new Set([204, 205, 304]);

/** What a transport has found to be one valid length. */
function declaredLength(headers: HeaderPairs): number | undefined {
  const found = headers.find(([name]) => name.length === 14 && name.toLowerCase() === 'content-length');
  return found === undefined ? undefined : Number(found[1]);
}

const LAST_WORDS_MS = 100;

function streamed(
  body: AnswerBody,
  context: AnswerContext & { events: boolean; length: number | null },
): StreamedBody {
  const { exchange, limits, streams, events, length } = context;
  const tail = events ? new EventStreamTail() : null;
  const silence = events ? limits.eventStreamSilenceTimeout : limits.silenceTimeout;
  let brokenOff: { code: RefusalCode; detail: string } | null = null;
  const stream: StreamedAnswer = {
    breakOff(code, detail) {
      brokenOff = { code, detail };
      body.cancel();
    },
  };
  streams.add(stream);
  const { hold } = exchange;
  hold?.onCut(({ code, detail }) => stream.breakOff(code, detail));
  return {
    length,
    async pipe(client) {
      const counted: BodySink = {
        write(bytes) {
          const allowed = hold?.spend(bytes) ?? true;
          // A budget that is spent has broken the answer off by then.
          return allowed === true ? handOn(bytes) : allowed.then((is) => (is ? handOn(bytes) : undefined));
        },
      };
      const handOn = (bytes: Uint8Array) => {
        exchange.bytesOut += bytes.byteLength;
        tail?.push(bytes);
        return client.write(bytes);
      };
      const ending = await body.pipe(counted, { silence });
      streams.delete(stream);
      if (brokenOff !== null) {
        const { code, detail } = brokenOff;
        // In the middle of an event nothing is written: it would show the broken event as a whole one.
        if (tail?.betweenEvents === true && length === null) {
          client.write(errorEvent(code, detail));
          // A client that finds the end broken drops what it has not read yet.
          await Bun.sleep(LAST_WORDS_MS);
        }
        exchange.end(code === 'shutting_down' ? 'shut_down' : 'cut_off', { code });
        return 'broken';
      }
      if (ending.kind === 'complete' && !isCutOff(body, tail)) {
        exchange.end('complete');
        return 'whole';
      }
      exchange.end(...recorded(ending));
      return 'broken';
    },
  };
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
