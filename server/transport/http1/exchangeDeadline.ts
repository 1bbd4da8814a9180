import type { Deadlines } from '../transport.ts';
import type { TransportClock } from './transportClock.ts';

export type Phase = Exclude<keyof Deadlines, 'connect' | 'total'>;

export interface DeadlineOwner {
  expired(which: Phase | 'total'): void;
}

/**
 * The deadlines of one exchange on one timer. Reads only move a number; the timer, when it fires too early,
 * is set anew. A timer costs 0.1 µs to set and clear, so that there is no wheel for all of them.
 */
export class ExchangeDeadline {
  private readonly clock: TransportClock;
  private readonly owner: DeadlineOwner;
  private readonly totalAt: number;
  private phase: Phase = 'head';
  private phaseLength = 0;
  private phaseAt = Number.POSITIVE_INFINITY;
  private stopped = false;
  private timer: unknown = null;
  private timerAt = Number.POSITIVE_INFINITY;

  /** `total` in milliseconds, from now; 0 for none. */
  constructor(owner: DeadlineOwner, { clock, total }: { clock: TransportClock; total: number }) {
    this.owner = owner;
    this.clock = clock;
    this.totalAt = total === 0 ? Number.POSITIVE_INFINITY : clock.now() + total;
    this.arm();
  }

  /** Begins a phase of so many milliseconds; 0 for one without end. */
  begin(phase: Phase, milliseconds: number): void {
    this.phase = phase;
    this.phaseLength = milliseconds;
    this.restart();
    this.arm();
  }

  /** Something moved: the phase's time runs from now. */
  restart(): void {
    this.phaseAt = this.phaseLength === 0 ? Number.POSITIVE_INFINITY : this.clock.now() + this.phaseLength;
  }

  /** The phase's time stands still until `begin` or `resume`, as while a slow reader holds an answer back. */
  suspend(): void {
    this.phaseAt = Number.POSITIVE_INFINITY;
    this.arm();
  }

  resume(): void {
    this.restart();
    this.arm();
  }

  /** Nothing expires any more. */
  stop(): void {
    this.stopped = true;
    this.clear();
  }

  private arm(): void {
    const at = Math.min(this.totalAt, this.phaseAt);
    if (this.stopped || (this.timerAt <= at && at !== Number.POSITIVE_INFINITY)) return;
    this.clear();
    if (at === Number.POSITIVE_INFINITY) return;
    this.timerAt = at;
    this.timer = this.clock.schedule(() => this.fire(), Math.max(1, Math.ceil(at - this.clock.now())));
  }

  private fire(): void {
    this.timer = null;
    this.timerAt = Number.POSITIVE_INFINITY;
    const now = this.clock.now();
    if (now >= this.totalAt) this.owner.expired('total');
    else if (now >= this.phaseAt) this.owner.expired(this.phase);
    else this.arm();
  }

  private clear(): void {
    if (this.timer !== null) this.clock.cancel(this.timer);
    this.timer = null;
    this.timerAt = Number.POSITIVE_INFINITY;
  }
}
