import type { Deadlines } from '../transport.ts';
import type { DeadlineTimer, Expiring } from './deadlineTimer.ts';
import type { TransportClock } from './transportClock.ts';

export type Phase = Exclude<keyof Deadlines, 'connect' | 'total'>;

export interface DeadlineOwner {
  expired(which: Phase | 'total'): void;
}

/** The deadlines of one exchange. Reads only move a number. */
export class ExchangeDeadline implements Expiring {
  before: Expiring | null = null;
  after: Expiring | null = null;
  private readonly clock: TransportClock;
  private readonly timer: DeadlineTimer;
  private readonly owner: DeadlineOwner;
  private readonly totalAt: number;
  private phase: Phase = 'head';
  private phaseLength = 0;
  private phaseAt = Number.POSITIVE_INFINITY;

  /** `total` is milliseconds in all, from now; 0 for no limit. */
  constructor(owner: DeadlineOwner, timer: DeadlineTimer, total: number) {
    this.owner = owner;
    this.clock = timer.clock;
    this.timer = timer;
    this.totalAt = total === 0 ? Number.POSITIVE_INFINITY : this.clock.now() + total;
    timer.watch(this);
  }

  /** @internal */
  get expiresAt(): number {
    return Math.min(this.totalAt, this.phaseAt);
  }

  /** Begins a phase of so many milliseconds; 0 for one without end. */
  begin(phase: Phase, milliseconds: number): void {
    this.phase = phase;
    this.phaseLength = milliseconds;
    this.resume();
  }

  /** Something moved: the phase's time runs from now. */
  restart(): void {
    this.phaseAt = this.phaseLength === 0 ? Number.POSITIVE_INFINITY : this.clock.now() + this.phaseLength;
  }

  /** The phase's time stands still until `begin` or `resume`, as while a slow reader holds an answer back. */
  suspend(): void {
    this.phaseAt = Number.POSITIVE_INFINITY;
  }

  resume(): void {
    this.restart();
    this.timer.sooner(this.phaseAt);
  }

  /** Nothing expires any more. */
  stop(): void {
    this.timer.forget(this);
  }

  /** @internal */
  expired(): void {
    this.owner.expired(this.totalAt <= this.clock.now() ? 'total' : this.phase);
  }
}
