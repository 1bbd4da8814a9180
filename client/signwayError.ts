import type { RefusalCode } from '../signing/refusal.ts';

/**
 * Why a call through the gateway failed: a code of the gateway's (docs/protocol.md, "Refusals"), or one of
 * the client's own:
 * - `upstream_error`: the API itself answered with an error; `status` and `document` are its own
 * - `not_an_event_stream`: the answer is fine, but there are no events in it
 * - `broken_off`: the connection broke before the answer was whole
 * - `signing_failed`: the backend that was asked for a signed URL gave none, or something that is no absolute URL
 */
export type SignwayErrorCode =
  | RefusalCode
  | 'upstream_error'
  | 'not_an_event_stream'
  | 'broken_off'
  | 'signing_failed'
  // A newer gateway may have codes that this client does not know.
  | (string & {});

export interface SignwayErrorOptions {
  /** The answer's status; none where there was no answer, or where it broke off. */
  status?: number;
  headers?: Headers;
  /** The problem document (RFC 9457) or the API's own, parsed if it is JSON, else its text. */
  document?: unknown;
  cause?: unknown;
}

/** The one error of this client. `message` is the gateway's detail, fit for a log, not for an end user. */
export class SignwayError extends Error {
  override readonly name = 'SignwayError';
  readonly code: SignwayErrorCode;
  /** 0 where there was no status. */
  readonly status: number;
  /** `X-Sw-Request-Id`: the name of this request in the gateway's log. */
  readonly requestId: string | null;
  /** Whether the same call may succeed later: false when the gateway said `x-should-retry: false`. */
  readonly retryable: boolean;
  /** Seconds to wait before the next attempt, where `Retry-After` says so in seconds. */
  readonly retryAfter: number | null;
  readonly document: unknown;

  constructor(code: SignwayErrorCode, message: string, options: SignwayErrorOptions = {}) {
    const { status = 0, headers, document, cause } = options;
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.status = status;
    this.requestId = headers?.get('x-sw-request-id') ?? null;
    this.retryable = headers?.get('x-should-retry') !== 'false';
    const seconds = headers?.get('retry-after') ?? '';
    this.retryAfter = /^\d+$/.test(seconds) ? Number(seconds) : null;
    this.document = document;
  }
}
