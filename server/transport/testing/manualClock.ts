import type { TransportClock } from '../http1/transportClock.ts';

/** A clock that stands still until it is moved on. */
export class ManualClock implements TransportClock {
  private time = 0;
  private readonly timers = new Set<{ at: number; callback: () => void }>();

  now(): number {
    return this.time;
  }

  schedule(callback: () => void, milliseconds: number): unknown {
    const timer = { at: this.time + milliseconds, callback };
    this.timers.add(timer);
    return timer;
  }

  cancel(handle: unknown): void {
    this.timers.delete(handle as { at: number; callback: () => void });
  }

  /** Moves on, running what is due in its order. */
  advance(milliseconds: number): void {
    const end = this.time + milliseconds;
    for (;;) {
      const due = [...this.timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.timers.delete(due);
      this.time = due.at;
      due.callback();
    }
    this.time = end;
  }
}
