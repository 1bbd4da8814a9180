/** What the requests of an app, or of one of its subjects, may take together. What is absent is unlimited. */
export interface AppLimits {
  /** Requests in a window of time. `rate_limited` */
  readonly requests?: Windowed;
  /** Exchanges at the same time. `too_many_streams` */
  readonly streams?: number;
  /** Bytes of bodies, both ways. `budget_exhausted` */
  readonly bytes?: ByteBudget;
  /** Tokens, as the upstream reports them. `budget_exhausted` */
  readonly tokens?: TokenBudget;
  /** How long one exchange may last, in milliseconds; then it is ended. `budget_exhausted` */
  readonly duration?: number;
}

export interface Windowed {
  readonly limit: number;
  /** Milliseconds; a window begins with its first request. */
  readonly window: number;
}

export interface ByteBudget extends Windowed {
  /** What an exchange reserves at a time; at first its request's declared length, where that is more. Default: 1 MiB. */
  readonly reserve?: number;
}

export interface TokenBudget extends Windowed {
  /** What is reserved for a request that names no maximum of its own (`max_tokens` and its kin). */
  readonly reserve: number;
  /**
   * What an answer counts whose usage is not known, because the upstream reports none or the answer was cut off:
   * nothing, or all that was reserved. Default: `none`.
   *
   * **Security**: with `none`, a client that leaves before the last event pays nothing.
   */
  readonly unreported?: 'none' | 'reserved';
}
