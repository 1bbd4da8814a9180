import type { BodySink, HeaderPairs } from './transport/transport.ts';

/** What a front sends back, but for the framing, which is the front's. */
export interface ClientAnswer {
  readonly status: number;
  /** The reason phrase; '' for the usual one. Only HTTP/1.1 has it. */
  readonly statusText: string;
  /**
   * Every field but `Content-Length`, `Transfer-Encoding`, `Connection` and `Date`; with `Content-Length` where
   * the answer has no body and tells the length that it would have (RFC 9110, section 8.6).
   *
   * **Security**: fronts write them as they are. Names and values come from a parser that lets no control
   * character through, from `Headers`, or from this program's own text.
   */
  readonly headers: HeaderPairs;
  /** More of them, the same on many answers; null for none. */
  readonly fixed: FixedFields | null;
  readonly body: Uint8Array | null | StreamedBody;
}

/** Fields that many answers have, written once: a third of an answer's head need not be put together for each. */
export interface FixedFields {
  readonly pairs: HeaderPairs;
  /** As HTTP/1.1 writes them, each line with its end. */
  readonly lines: string;
}

export function fixedFields(pairs: HeaderPairs): FixedFields {
  return { pairs, lines: pairs.map(([name, value]) => `${name}: ${value}\r\n`).join('') };
}

/** Whether an answer of this status to this method has a body (RFC 9110, sections 6.4.1, 9.3.2 and 15.3.6). */
export function hasBody(method: string, status: number): boolean {
  return method !== 'HEAD' && status !== 204 && status !== 205 && status !== 304;
}

/** A body that comes piece by piece. */
export interface StreamedBody {
  /** Bytes in all; null when nobody knows yet. */
  readonly length: number | null;

  /**
   * Pushes the body into the client's sink; called exactly once, also when the client has left. Resolves with
   * whether it may end as a whole: everything else must reach the client as broken off. Never rejects.
   */
  pipe(sink: BodySink): Promise<'whole' | 'broken'>;
}
