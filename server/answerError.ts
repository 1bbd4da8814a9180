import { Refusal } from '../signing/refusal.ts';
import type { ClientAnswer } from './clientAnswer.ts';
import type { ClientRequest } from './clientRequest.ts';
import type { Exchange } from './exchange.ts';
import { HookFailure } from './hooks/hooks.ts';
import { problemAnswer } from './problem.ts';
import { TransportError } from './transport/transport.ts';

export interface ErrorContext {
  readonly request?: ClientRequest;
  readonly exchange: Exchange;
  /** Whether it is the gateway that ends what still runs. */
  readonly breakingOff?: boolean;
}

/**
 * Ends an exchange that came to no answer of an upstream: with the refusal's problem document, with nothing where the
 * client has left, or was left, and with a bare 500 for a defect.
 *
 * **Security**: what a defect says is never sent and never logged: it could hold what was received.
 */
export function answerError(
  error: unknown,
  { request, exchange, breakingOff = false }: ErrorContext,
): ClientAnswer {
  const refusal = request?.body.failure ?? refusalOf(error);
  if (refusal !== null) {
    exchange.status = refusal.status;
    const reason = typeof refusal.cause === 'string' ? refusal.cause : refusal.message;
    exchange.end('refused', { code: refusal.code, reason });
    return problemAnswer(refusal, exchange.id);
  }
  if (request?.gone.aborted === true || (error instanceof TransportError && error.code === 'aborted')) {
    exchange.status = 499;
    if (breakingOff) exchange.end('shut_down', { code: 'shutting_down' });
    else exchange.end('client_gone');
    return bare(499, exchange);
  }
  exchange.status = 500;
  exchange.end('refused', { reason: internalReason(error) });
  return bare(500, exchange);
}

function refusalOf(error: unknown): Refusal | null {
  if (error instanceof Refusal) return error;
  if (error instanceof TransportError && error.code !== 'aborted') {
    return new Refusal(error.code, TRANSPORT_DETAILS[error.code], { cause: error.reason });
  }
  return null;
}

const TRANSPORT_DETAILS = {
  upstream_unreachable: 'the upstream cannot be reached',
  upstream_invalid_response: 'the upstream sent an invalid answer',
  upstream_timeout: 'the upstream took too long',
  overloaded: 'no connection to the upstream is free',
} as const satisfies Record<Exclude<TransportError['code'], 'aborted'>, string>;

function bare(status: number, { id }: Exchange): ClientAnswer {
  return {
    status,
    statusText: '',
    passed: null,
    headers: [['X-Sw-Request-Id', id]],
    fixed: null,
    body: null,
  };
}

/** Where a defect of the gateway or of a hook lies. */
function internalReason(error: unknown): string {
  if (error instanceof HookFailure) return `${error.message}: ${placeOf(error.cause)}`;
  return `internal: ${placeOf(error)}`;
}

function placeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'something that is no Error';
  const frames = error.stack?.split('\n').filter((line) => line.trimStart().startsWith('at ')) ?? [];
  return `${error.name} ${frames.slice(0, 3).join(' ').trim()}`;
}
