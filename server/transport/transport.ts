import type { RefusalCode } from '../../signing/refusal.ts';

/**
 * The upstream's side of the gateway: sends one request to one checked address and hands back the answer.
 * Every implementation passes the tests of `transportContract.ts`.
 *
 * **Security**: a transport connects to `request.address` and nowhere else: it resolves no name, follows no
 * redirect and no proxy of the environment, and decodes no body. It never logs and never puts a URL, a header
 * or a byte of a body into an error.
 */
export interface Transport {
  readonly name: string;

  /**
   * Resolves when the head of the final answer has come (1xx are consumed).
   * Rejects with {@link TransportError} only. Aborting `signal` frees the connection at once, before and
   * after the head.
   */
  send(request: UpstreamRequest, signal: Cancellation): Promise<UpstreamAnswer>;

  /** Connections open now: for gauges and for tests. */
  readonly connections: { readonly active: number; readonly idle: number };

  /** Closes idle connections now and the rest as they end; no `send` is possible afterwards. */
  close(): void;
}

/** Tells when nobody waits for an answer any more: an `AbortSignal`, or what costs less to make. */
export interface Cancellation {
  readonly aborted: boolean;
  addEventListener(type: 'abort', listener: AbortListener): void;
  removeEventListener(type: 'abort', listener: AbortListener): void;
}

/** Who is told. The form of an object, since a function would be made for every request. */
export interface AbortListener {
  handleEvent(): void;
}

/** Header fields as ordered name and value pairs; duplicates and the names' spelling are kept. */
export type HeaderPairs = readonly (readonly [name: string, value: string])[];

/** What goes to the upstream. Complete but for the framing (`Content-Length`, `Transfer-Encoding`). */
export interface UpstreamRequest {
  readonly method: string;
  readonly scheme: 'http' | 'https';
  /** The name for SNI, the certificate and the pool: WHATWG-normalised, IPv6 in brackets. */
  readonly hostname: string;
  readonly port: number;
  /** The checked address to connect to: IPv4 or IPv6, without brackets. */
  readonly address: string;
  /** Path and query, as the request target (RFC 9112, section 3.2.1). */
  readonly target: string;
  /** With `Host`, without `Content-Length`, `Transfer-Encoding` and other hop-by-hop fields. */
  readonly headers: HeaderPairs;
  readonly body: RequestBody;
  readonly deadlines: Deadlines;
}

/**
 * `null`: the request has no body and no length. Bytes: known whole, may be sent again.
 * A stream: sent as it comes; `length` when the client declared one, else chunked.
 */
export type RequestBody = null | Uint8Array | { stream: ReadableStream<Uint8Array>; length: number | null };

/** All in milliseconds; 0 means none. */
export interface Deadlines {
  /** To have a connection, TLS included, waiting in the pool excluded. */
  readonly connect: number;
  /**
   * From the request being sent to the head of the final answer. For a streamed body it runs from the last piece
   * that was sent, where the transport can tell, so that a long upload is no slow answer; else from its head.
   */
  readonly head: number;
  /** Between two reads of the answer's body, where `pipe` names no other. */
  readonly silence: number;
  /** The whole exchange, from `send` to the last byte. */
  readonly total: number;
}

export interface UpstreamAnswer {
  readonly status: number;
  /** The reason phrase as sent, possibly empty; '' where the transport cannot tell. */
  readonly statusText: string;
  /** As received and unfolded, framing fields included. */
  readonly headers: HeaderPairs;
  /** The same fields, all of them, as lines; none where they were not received like that. */
  readonly lines?: ReceivedLines | null;
  readonly body: AnswerBody;
  readonly timing: AnswerTiming;
}

/**
 * Header fields as lines that are as HTTP/1.1 writes them, `name: value` and CR LF: what passes as it is need not be put
 * together again.
 */
export interface ReceivedLines {
  readonly text: string;
  /** Where in it the line of each field begins, and at last where the last one ends. */
  readonly starts: readonly number[];
}

export interface AnswerTiming {
  /** True when a pooled connection carried the request; null where the transport cannot tell. */
  readonly reused: boolean | null;
  /** Milliseconds to a new connection, TLS included; null for a reused one or where unknown. */
  readonly connect: number | null;
  /** Milliseconds from `send` to the head of the answer. */
  readonly head: number;
}

export interface AnswerBody {
  /** Set when the whole body arrived with the head (also when it is empty): nothing is left to pipe. */
  readonly whole: Uint8Array | null;

  /** How the body is framed (RFC 9112, section 6.3): only a length or chunks mark a complete end. */
  readonly framing: 'none' | 'length' | 'chunked' | 'close';

  /**
   * Pushes the body into `sink` as it comes, from the first byte. Call it at most once, soon after the head:
   * until then, reading stops at the transport's own buffer. Resolves with how it ended; never rejects.
   * `silence`, in milliseconds with 0 for none, takes the place of the request's own deadline: only the head
   * of an answer tells an event stream, which may be silent for hours.
   */
  pipe(sink: BodySink, options?: { silence?: number }): Promise<Ending>;

  /** Gives the body up and frees the connection now; a running `pipe` resolves with `aborted`. */
  cancel(): void;
}

export interface BodySink {
  /**
   * Takes the bytes (they are the sink's from now on) and may return a promise: nothing more is pushed and
   * reading from the upstream pauses until it resolves. A rejection cancels the body.
   */
  write(bytes: Uint8Array): undefined | Promise<unknown>;

  /**
   * In place of `write`, where a sink has it: a piece as the one chunk that it came in (RFC 9112, section 7.1), without
   * an extension. Its own bytes are those from `start` to `end`; whoever frames in chunks can hand all of it on.
   */
  writeChunk?(chunk: Uint8Array, start: number, end: number): undefined | Promise<unknown>;
}

/** How a body ended. Only `complete` may be shown to the client as a clean end. */
export type Ending =
  | { readonly kind: 'complete' }
  | { readonly kind: 'broken'; readonly reason: string }
  | { readonly kind: 'timed_out'; readonly deadline: 'silence' | 'total' }
  | { readonly kind: 'aborted' };

export type TransportErrorCode = Extract<
  RefusalCode,
  'upstream_unreachable' | 'upstream_invalid_response' | 'upstream_timeout' | 'overloaded'
>;

/**
 * Why there is no answer. `reason` is a fixed short phrase for the operator's log (`tls: name mismatch`,
 * `connect: refused`, `head: bare LF`), free of anything that was received or sent. `aborted` when the
 * caller's signal ended it.
 */
export class TransportError extends Error {
  override readonly name = 'TransportError';
  readonly code: TransportErrorCode | 'aborted';
  readonly reason: string;
  /** False where certainly nothing of the request has been sent. */
  readonly sent: boolean;

  constructor(code: TransportErrorCode | 'aborted', reason: string, { sent = true } = {}) {
    super(`${code}: ${reason}`);
    this.code = code;
    this.reason = reason;
    this.sent = sent;
  }
}
