import type { RefusalCode } from '../signing/refusal.ts';

/** One request and what became of it, for logs and meters. It holds no secret, no value of a query, no body. */
export interface ExchangeRecord {
  /** `X-Sw-Request-Id`. */
  readonly id: string;
  /** When it began, in milliseconds since the epoch. */
  readonly time: number;
  readonly method: string;
  /** The app's id, once the URL was verified; else null. */
  readonly app: string | null;
  /** The upstream's origin, once the URL was verified; else null. */
  readonly upstream: string | null;
  /** The status that the client got; 499 when it left before one. */
  readonly status: number;
  /** Why the gateway refused, or broke the answer off; null otherwise. */
  readonly code: RefusalCode | null;
  /** What only the operator reads: why the upstream failed, where it was not allowed. A fixed phrase. */
  readonly reason: string | null;
  readonly ending: ExchangeEnding;
  /** Bytes of the request's body, as declared or held; null for one sent in chunks. */
  readonly bytesIn: number | null;
  /** Bytes of the answer's body handed to the client. */
  readonly bytesOut: number;
  /** Milliseconds from the request's arrival to the upstream's head; null when there was none. */
  readonly headMs: number | null;
  /** Milliseconds in all. */
  readonly totalMs: number;
}

export type ExchangeEnding = 'complete' | 'refused' | 'broken' | 'timed_out' | 'client_gone' | 'shut_down';

/** A record in the making. Each step fills in what it learns; `end` hands the record out, once. */
export class Exchange {
  readonly id: string = crypto.randomUUID();
  readonly time: number;
  app: string | null = null;
  upstream: string | null = null;
  status = 0;
  bytesIn: number | null = 0;
  bytesOut = 0;
  headMs: number | null = null;
  readonly #method: string;
  readonly #started = performance.now();
  readonly #onEnd: (record: ExchangeRecord) => void;
  #ended = false;

  constructor(method: string, { time, onEnd }: { time: number; onEnd: (record: ExchangeRecord) => void }) {
    this.#method = method;
    this.time = time;
    this.#onEnd = onEnd;
  }

  /** Notes that the upstream's head has come. */
  head(): void {
    this.headMs = milliseconds(performance.now() - this.#started);
  }

  end(ending: ExchangeEnding, why: { code?: RefusalCode; reason?: string } = {}): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#onEnd({
      id: this.id,
      time: this.time,
      method: this.#method,
      app: this.app,
      upstream: this.upstream,
      status: this.status,
      code: why.code ?? null,
      reason: why.reason ?? null,
      ending,
      bytesIn: this.bytesIn,
      bytesOut: this.bytesOut,
      headMs: this.headMs,
      totalMs: milliseconds(performance.now() - this.#started),
    });
  }
}

/** Kept to the microsecond, which is what a log can use. */
function milliseconds(elapsed: number): number {
  return Math.round(elapsed * 1000) / 1000;
}
