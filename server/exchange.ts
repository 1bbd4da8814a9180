import type { RefusalCode } from '../signing/refusal.ts';
import type { ClientBody } from './clientRequest.ts';
import type { Hold } from './limiting/hold.ts';
import type { Place } from './occupancy/occupancy.ts';
import type { AnswerTiming } from './transport/transport.ts';

/** One request and what became of it, for logs and meters. It holds no secret, no value of a query, no body. */
export interface ExchangeRecord {
  /** `X-Sw-Request-Id`. */
  readonly id: string;
  /** When it began, in milliseconds since the epoch. */
  readonly time: number;
  readonly method: string;
  /** The app's id, once the URL was verified; else null. */
  readonly app: string | null;
  /** `X-Sw-Subject`, once the URL was verified; else null. */
  readonly subject: string | null;
  /** The upstream's origin, once the URL was verified; else null. */
  readonly upstream: string | null;
  /** The status that the client got; 499 when it left, or was left, before one. */
  readonly status: number;
  /** Why the gateway refused, or broke the answer off; null otherwise. */
  readonly code: RefusalCode | null;
  /** What only the operator reads: why the upstream failed, where it was not allowed. A fixed phrase. */
  readonly reason: string | null;
  /** Why the request would have been refused by a list that is only being tried out; else null. */
  readonly wouldRefuse: string | null;
  readonly ending: ExchangeEnding;
  /** Bytes of the request's body, as declared or held; of one sent in chunks, those that had come by the end. */
  readonly bytesIn: number;
  /** Bytes of the answer's body handed to the client. */
  readonly bytesOut: number;
  /** Tokens that the upstream reported, where a budget counts them; null where none were reported. */
  readonly tokens: number | null;
  /** Milliseconds from the request's arrival to the upstream's head; null when there was none. */
  readonly headMs: number | null;
  /** Milliseconds that a new connection to the upstream took, TLS included; null for one that was used before. */
  readonly connectMs: number | null;
  /** Whether a connection that was used before carried the request; null when none did, or nobody can tell. */
  readonly reused: boolean | null;
  /** Milliseconds in all. */
  readonly totalMs: number;
}

/** `cut_off`: by a limit, a revocation, or a request's body that came to nothing after the answer had begun. */
export type ExchangeEnding =
  | 'complete'
  | 'refused'
  | 'broken'
  | 'timed_out'
  | 'client_gone'
  | 'cut_off'
  | 'shut_down';

/** A record in the making. Each step fills in what it learns; `end` hands the record out, once. */
export class Exchange {
  readonly id: string = crypto.randomUUID();
  readonly time: number;
  app: string | null = null;
  subject: string | null = null;
  upstream: string | null = null;
  wouldRefuse: string | null = null;
  status = 0;
  /** Null: as many as have come of the upload. */
  bytesIn: number | null = 0;
  /** A body that is handed on as it comes. */
  upload: Pick<ClientBody, 'taken' | 'failure'> | null = null;
  bytesOut = 0;
  headMs: number | null = null;
  connectMs: number | null = null;
  reused: boolean | null = null;
  /** What it holds of its app's limits, which ends with it. */
  hold: Hold | null = null;
  /** What it takes up of the gateway, until it ends. */
  readonly place: Place;
  readonly #method: string;
  readonly #now: () => number;
  readonly #started: number;
  readonly #onEnd: (record: ExchangeRecord) => void;
  #ended = false;

  constructor(method: string, place: Place, { clock, now, onExchange }: ExchangeContext) {
    this.#method = method;
    this.#now = now;
    this.#started = now();
    this.time = clock();
    this.place = place;
    this.#onEnd = onExchange;
  }

  /**
   * Notes that the head of an answer is there, and over which connection it came from the upstream: the request's
   * body is not needed any more.
   */
  head({ connect, reused }: Pick<AnswerTiming, 'connect' | 'reused'> = NO_CONNECTION): void {
    this.connectMs = connect === null ? null : milliseconds(connect);
    this.reused = reused;
    this.place.release();
    this.headMs = milliseconds(this.#now() - this.#started);
  }

  end(ending: ExchangeEnding, why: { code?: RefusalCode; reason?: string } = {}): void {
    if (this.#ended) return;
    this.#ended = true;
    const tokens = this.hold?.tokens ?? null;
    this.hold?.end();
    this.place.leave();
    this.#onEnd({
      id: this.id,
      time: this.time,
      method: this.#method,
      app: this.app,
      subject: this.subject,
      upstream: this.upstream,
      status: this.status,
      code: why.code ?? null,
      reason: why.reason ?? null,
      wouldRefuse: this.wouldRefuse,
      ending,
      bytesIn: this.bytesIn ?? this.upload?.taken ?? 0,
      bytesOut: this.bytesOut,
      tokens,
      headMs: this.headMs,
      connectMs: this.connectMs,
      reused: this.reused,
      totalMs: milliseconds(this.#now() - this.#started),
    });
  }
}

/** What the exchanges of a gateway share. */
export interface ExchangeContext {
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Milliseconds that never go backwards. */
  readonly now: () => number;
  readonly onExchange: (record: ExchangeRecord) => void;
}

const NO_CONNECTION = { connect: null, reused: null };

/** Kept to the microsecond, which is what a log can use. */
function milliseconds(elapsed: number): number {
  return Math.round(elapsed * 1000) / 1000;
}
