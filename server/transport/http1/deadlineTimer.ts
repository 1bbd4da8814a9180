import type { TransportClock } from './transportClock.ts';

/** What may come too late, as a link of a list of all: joining it and leaving it costs next to nothing. */
export interface Expiring {
  /** @internal Null outside of the list. */
  before: Expiring | null;
  /** @internal */
  after: Expiring | null;
  /** When, by the clock's `now`; infinite for never. It may move away, and towards now after `sooner` only. */
  readonly expiresAt: number;
  /** Its time has come. By its end it must have moved away or be forgotten. */
  expired(): void;
}

/**
 * One timer for the deadlines of all exchanges: a timer for each would be set and cleared for every request, though
 * hardly any ever fires. This one is set for the first deadline, and looks for the next when it fires.
 */
export class DeadlineTimer {
  readonly clock: TransportClock;
  /** The end of the list and its beginning. */
  private readonly ends = createEnds();
  /** Who is looked at next, while they are looked at one after the other. */
  private next: Expiring = this.ends;
  private timer: unknown = null;
  private firesAt = Number.POSITIVE_INFINITY;

  constructor(clock: TransportClock) {
    this.clock = clock;
  }

  watch(one: Expiring): void {
    const { ends } = this;
    one.before = ends.before;
    one.after = ends;
    ends.before!.after = one;
    ends.before = one;
    this.sooner(one.expiresAt);
  }

  forget(one: Expiring): void {
    if (one.before === null) return;
    if (this.next === one) this.next = one.after!;
    one.before.after = one.after;
    one.after!.before = one.before;
    // Whoever still holds this one must not hold all that came after it.
    one.before = null;
    one.after = null;
  }

  /** A deadline may have moved towards now. */
  sooner(at: number): void {
    if (at >= this.firesAt) return;
    if (this.timer !== null) this.clock.cancel(this.timer);
    this.firesAt = at;
    this.timer = this.clock.schedule(this.fire, Math.max(1, Math.ceil(at - this.clock.now())));
  }

  private readonly fire = (): void => {
    this.timer = null;
    this.firesAt = Number.POSITIVE_INFINITY;
    const now = this.clock.now();
    let soonest = Number.POSITIVE_INFINITY;
    this.next = this.ends.after!;
    while (this.next !== this.ends) {
      const one = this.next;
      this.next = one.after!;
      if (one.expiresAt <= now) one.expired();
      if (one.before !== null && one.expiresAt > now) soonest = Math.min(soonest, one.expiresAt);
    }
    this.sooner(soonest);
  };
}

/** A list that is a ring: of nothing but its ends. */
function createEnds(): Expiring {
  const ends: Expiring = { before: null, after: null, expiresAt: Number.POSITIVE_INFINITY, expired() {} };
  ends.before = ends;
  ends.after = ends;
  return ends;
}
