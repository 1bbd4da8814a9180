import type { Turn } from '../../http1/turn.ts';
import { startTimer } from '../../startTimer.ts';

/** Time as the transport sees it, so that tests can hold it still. */
export interface TransportClock {
  /** Milliseconds that never go backwards. */
  now(): number;
  /** Calls back after that time, or sooner where it is weeks. */
  schedule(callback: () => void, milliseconds: number): unknown;
  cancel(handle: unknown): void;
}

/**
 * The system's timers, and its time as the turn has it. A timer alone keeps no process running. What was read before it
 * fires comes before it, and may still cancel it.
 */
export function turnClock(turn: Turn): TransportClock {
  return {
    now: turn.now,
    schedule(callback, milliseconds) {
      const scheduled: Scheduled = { callback };
      scheduled.timer = startTimer(() => {
        turn.settle();
        scheduled.callback?.();
      }, milliseconds).unref();
      return scheduled;
    },
    cancel(handle) {
      const scheduled = handle as Scheduled | undefined;
      if (scheduled === undefined) return;
      clearTimeout(scheduled.timer);
      scheduled.callback = null;
    },
  };
}

interface Scheduled {
  callback: (() => void) | null;
  timer?: Timer;
}
