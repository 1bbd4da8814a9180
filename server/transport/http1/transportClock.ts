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

/** The system's timers, and its time as the turn has it. A timer alone keeps no process running. */
export function turnClock({ now }: Turn): TransportClock {
  return {
    now,
    schedule: (callback, milliseconds) => startTimer(callback, milliseconds).unref(),
    cancel: (handle) => clearTimeout(handle as Timer),
  };
}
