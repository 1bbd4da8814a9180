/** Time as the transport sees it, so that tests can hold it still. */
export interface TransportClock {
  /** Milliseconds that never go backwards. */
  now(): number;
  schedule(callback: () => void, milliseconds: number): unknown;
  cancel(handle: unknown): void;
}

export const systemClock: TransportClock = {
  now: () => performance.now(),
  schedule: (callback, milliseconds) => setTimeout(callback, milliseconds),
  cancel: (handle) => clearTimeout(handle as Timer),
};
