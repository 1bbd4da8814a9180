import type { RefusalCode } from '../../signing/refusal.ts';

/**
 * Where counts are kept that outlive a request: uses of nonces, requests in a window, running streams, budgets,
 * revocations. Every implementation passes the tests of `storeContract.ts`.
 *
 * Keys are opaque here (`storeKeys.ts` makes them); durations are relative, so that the store's clock alone
 * decides, whichever gateway asks.
 *
 * **Security**: a store that cannot answer rejects, best with {@link StoreUnavailable}, within a bounded time, and
 * never answers as if nothing had been counted. It never evicts what is still live.
 */
export interface Store {
  readonly name: string;

  /**
   * Checks everything a request is limited by and, if all of it passes, counts all of it: atomically among all
   * gateways that share the store, and in one round trip. If anything fails, nothing is counted.
   */
  admit(admission: Admission): Verdict | Promise<Verdict>;

  /**
   * Ends what {@link admit} began: streams are released, reservations become what was really spent. Where it rejects it
   * is asked again, and what was done all the same is not done twice.
   */
  settle(settlement: Settlement): void | Promise<void>;

  /** Renews the leases of streams that still run; one that has lapsed in between is taken again. */
  renew(streams: readonly HeldStream[]): void | Promise<void>;

  /** Refuses every admission that names `subject` among its `revocable`, for `lifetime` milliseconds. */
  revoke(subject: string, lifetime: number): void | Promise<void>;

  /** Takes a revocation back. */
  restore(subject: string): void | Promise<void>;

  /**
   * What is revoked now; null when that is still what it was at `known`, the version of an earlier answer. One that has
   * lapsed makes another version too.
   */
  revocations(known?: string): Revocations | null | Promise<Revocations | null>;

  /** Lets go of files and connections. Counts stay where they are kept. */
  close(): void | Promise<void>;
}

export interface Admission {
  /** Names what this request holds, uniquely among all gateways. */
  readonly id: string;
  /** None of these may be revoked. `revoked` */
  readonly revocable: readonly string[];
  /** Requests in a window of time, which begins with its first. `rate_limited` */
  readonly windows: readonly WindowLimit[];
  /** Streams at the same time. `too_many_streams` */
  readonly streams: readonly StreamLimit[];
  /** Amounts in a window of time. `budget_exhausted` */
  readonly budgets: readonly BudgetLimit[];
  /** A use of a nonce. `already_used` */
  readonly use: NonceUse | null;
}

export interface WindowLimit {
  readonly key: string;
  readonly limit: number;
  /** Milliseconds. */
  readonly window: number;
}

export interface StreamLimit {
  readonly key: string;
  readonly limit: number;
}

export interface BudgetLimit extends WindowLimit {
  /** What is reserved until it is settled. */
  readonly reserve: number;
}

export interface NonceUse {
  readonly key: string;
  /** Refused once the nonce has been used this often, by whichever URL. */
  readonly uses: number;
  /** For how many milliseconds the count is kept at least; the longest that was ever asked for wins. */
  readonly keepFor: number;
}

export type Verdict = Admitted | Rejected;

export interface Admitted {
  readonly admitted: true;
  /** In the order of the admission's. */
  readonly windows: readonly Quota[];
  readonly streams: readonly { readonly remaining: number }[];
  readonly budgets: readonly Reservation[];
}

export interface Quota {
  readonly remaining: number;
  /** Milliseconds until the window ends. */
  readonly resetIn: number;
}

export interface Reservation extends Quota {
  /**
   * Names the window that it was reserved in, later ones by greater numbers: what is settled after that window's end
   * changes no other.
   */
  readonly ticket: number;
}

export interface Rejected {
  readonly admitted: false;
  readonly code: RejectionCode;
  /** Which of its kind refused: an index into `revocable`, `windows`, `streams` or `budgets`. */
  readonly index: number;
  /** Milliseconds until it may pass; null when unknown or never. */
  readonly retryIn: number | null;
}

export type RejectionCode = Extract<
  RefusalCode,
  'revoked' | 'rate_limited' | 'too_many_streams' | 'budget_exhausted' | 'already_used'
>;

export interface Settlement {
  /** The admission's. */
  readonly id: string;
  /** Keys of the streams to release. */
  readonly streams: readonly string[];
  readonly budgets: readonly Spending[];
  /** The nonce's key when its use is given back, as nothing was sent upstream. */
  readonly unused: string | null;
}

export interface Spending {
  readonly key: string;
  /**
   * The latest of its reservations: what was reserved before has gone with its window. 0 where none is known; what
   * the admission holds all the same, since its answer was lost, is given back.
   */
  readonly ticket: number;
  /** What was reserved under the ticket. */
  readonly reserved: number;
  /** What was spent of that, or beyond it. */
  readonly spent: number;
}

export interface HeldStream {
  readonly id: string;
  readonly key: string;
}

export interface Revocations {
  readonly version: string;
  readonly subjects: readonly string[];
}

/** For how many milliseconds a stream counts without being renewed, by default: what a crashed gateway held comes back then. */
export const STREAM_LEASE = 30_000;

/** The store did not answer. `message` is a fixed phrase for the operator's log. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable';
  /** True where what was asked may have been done, and only its answer was lost. */
  readonly perhapsDone: boolean;

  constructor(message: string, { perhapsDone = false } = {}) {
    super(message);
    this.perhapsDone = perhapsDone;
  }
}
