import type { Refusal } from '../signing/refusal.ts';
import type { Cancellation, RequestBody } from './transport/transport.ts';

/** One request as a front has received it: read, well-formed, and nothing of it believed. */
export interface ClientRequest {
  readonly method: string;
  /** The path of the request's target, dot segments resolved. */
  readonly path: string;
  /** Without its `?`. */
  readonly query: string;
  readonly headers: RequestHeaders;
  readonly body: ClientBody;
  /** Over HTTP/2 a body without a length is one of unknown length. */
  readonly http2: boolean;
  /** The address of the other end of the connection; a proxy's where one stands in front. */
  readonly peer: string;
  /** Aborts when the client leaves. */
  readonly gone: Cancellation;
}

/** The `peer` of a connection that was reset before its request was read: the system no longer says whose it was. */
export const UNKNOWN_PEER = '0.0.0.0';

/** The header fields of a request; `Headers` is one. */
export interface RequestHeaders {
  /** The value under a lower-case name, several lines joined by `, `; null when it was not sent. */
  get(name: string): string | null;
  /** Every line, or every name with its lines joined. */
  [Symbol.iterator](): Iterator<readonly [name: string, value: string]>;
}

/** A request's body, still on its way. One of `read` and `forward` may be called, once. */
export interface ClientBody {
  /** Bytes by `Content-Length`; null without one. */
  readonly declared: number | null;

  /** Bytes that have come so far. */
  readonly taken: number;

  /**
   * Why the body came to nothing after `forward`, when that was the client's doing: what the client is told in
   * place of whatever became of the upstream's request.
   */
  readonly failure: Refusal | null;

  /**
   * Holds the whole body in memory.
   *
   * @throws {Refusal} `body_too_large`, `request_timeout`, `bad_request`, what `hold` throws
   */
  read(limits: ReadLimits): Promise<Uint8Array>;

  /** Hands the body on as it comes, at the pace of whoever takes it. */
  forward(limits: BodyLimits): RequestBody;
}

export interface BodyLimits {
  /** Most bytes. */
  readonly bytes: number;
  /** Milliseconds for the whole body when it is read, and between two pieces when it is forwarded; 0: none. */
  readonly timeout: number;
}

export interface ReadLimits extends BodyLimits {
  /**
   * Told of the bytes as they come to be held.
   *
   * @throws {Refusal} when they are too many
   */
  hold(bytes: number): void;
}
