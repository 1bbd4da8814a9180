import { Refusal } from '../signing/refusal.ts';
import type { UpstreamUrl } from '../signing/upstreamUrl.ts';
import { AnswerStream } from './answerStream.ts';
import { type ClientAnswer, hasBody } from './clientAnswer.ts';
import type { ClientRequest } from './clientRequest.ts';
import { isEventStream } from './eventStream.ts';
import type { Exchange } from './exchange.ts';
import { type ClientHeaders, holdsSecret } from './headers/clientHeaders.ts';
import type { Cors } from './headers/cors.ts';
import { isField } from './http1/fieldName.ts';
import type { Limits } from './limits.ts';
import type { HeaderPairs, UpstreamAnswer } from './transport/transport.ts';

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
  readonly streams: Set<AnswerStream>;
}

/**
 * Hands an upstream's answer to the client: its status and headers less what must end here, its bytes as they
 * come. A body that does not end as it should breaks the client's connection, never ends it cleanly.
 *
 * @throws {Refusal} `upstream_invalid_response` for a status that is no final one
 */
export function respond(answer: UpstreamAnswer, context: AnswerContext): ClientAnswer {
  const { request, exchange, cors, limits } = context;
  const { status } = answer;
  if (status < 200 || status > 599) {
    answer.body.cancel();
    throw new Refusal('upstream_invalid_response', 'the upstream sent an invalid answer', {
      cause: 'head: status outside 200 to 599',
    });
  }
  const statusText = holdsSecret(answer.statusText, context.secrets) ? '' : answer.statusText;
  const passed = context.clientHeaders(answer, context);
  const headers: [string, string][] = [['X-Sw-Request-Id', exchange.id]];
  if (exchange.hold !== null) headers.push(...exchange.hold.fields);
  cors.allow(headers, request);
  exchange.status = status;
  exchange.head(answer.timing);

  const { whole } = answer.body;
  const isShown = hasBody(request.method, status);
  if (whole === null && isShown) {
    const events = isEventStream(answer.headers);
    if (events) headers.push(['X-Accel-Buffering', 'no']);
    const body = new AnswerStream(answer.body, {
      exchange,
      length: (answer.body.framing === 'length' ? declaredLength(answer.headers) : undefined) ?? null,
      events,
      silence: events ? limits.eventStreamSilenceTimeout : limits.silenceTimeout,
      streams: context.streams,
    });
    return { status, statusText, passed, headers, fixed: cors.fixed, body };
  }
  if (isShown) exchange.bytesOut = whole!.byteLength;
  else answer.body.cancel();
  exchange.end('complete');
  if (isShown) return { status, statusText, passed, headers, fixed: cors.fixed, body: whole };
  const length = status === 204 || status === 205 ? undefined : declaredLength(answer.headers);
  if (length !== undefined) headers.push(['Content-Length', String(length)]);
  return { status, statusText, passed, headers, fixed: cors.fixed, body: null };
}

/** What a transport has found to be one valid length. */
function declaredLength(headers: HeaderPairs): number | undefined {
  const found = headers.find(([name]) => isField(name, 'Content-Length'));
  return found === undefined ? undefined : Number(found[1]);
}
