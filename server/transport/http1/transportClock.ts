import { startTimer } from '../../startTimer.ts';

/** Time as the transport sees it, so that tests can hold it still. */
export interface TransportClock {
  /** Milliseconds that never go backwards. */
  now(): number;
  /** Calls back after that time, or sooner where it is weeks. */
  schedule(callback: () => void, milliseconds: number): unknown;
  cancel(handle: unknown): void;
}

export const systemClock: TransportClock = {
  now: () => performance.now(),
  schedule: startTimer,
  cancel: (handle) => clearTimeout(handle as Timer),
};
