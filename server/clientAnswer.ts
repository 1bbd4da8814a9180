import type { BodySink, HeaderPairs } from './transport/transport.ts';

/** What a front sends back, but for the framing, which is the front's. */
export interface ClientAnswer {
  readonly status: number;
  /** The reason phrase; '' for the usual one. Only HTTP/1.1 has it. */
  readonly statusText: string;
  /**
   * The fields, in three parts, of which the first and the last may be missing: what passes of an upstream's answer,
   * what is this answer's own, what many answers have. Together every field but `Content-Length`, `Transfer-Encoding`,
   * `Connection` and `Date`; among its own with `Content-Length` where the answer has no body and tells the length that
   * it would have (RFC 9110, section 8.6).
   *
   * **Security**: fronts write them as they are. Names and values come from a parser that lets no control
   * character through, from `Headers`, or from this program's own text.
   */
  readonly passed: PassedFields | null;
  readonly headers: HeaderPairs;
  readonly fixed: FieldLines | null;
  readonly body: Uint8Array | null | StreamedBody;
}

/** Fields that are there as lines already: need not be put together for each answer. */
export interface FieldLines {
  readonly pairs: HeaderPairs;
  /** As HTTP/1.1 writes them, each line with its end. */
  readonly lines: string;
}

export interface PassedFields extends FieldLines {
  /** Whether `Date` is one of them. */
  readonly dated: boolean;
}

/** All fields of an answer. */
export function allFields({ passed, headers, fixed }: ClientAnswer): HeaderPairs {
  return [...(passed?.pairs ?? []), ...headers, ...(fixed?.pairs ?? [])];
}

export function fieldLines(pairs: HeaderPairs): FieldLines {
  let lines = '';
  for (const [name, value] of pairs) lines += `${name}: ${value}\r\n`;
  return { pairs, lines };
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
