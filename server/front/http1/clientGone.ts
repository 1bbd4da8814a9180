import type { Cancellation } from '../../transport/transport.ts';

/** Tells that a client has left. An `AbortController` would do, at four times the cost for every request. */
export class ClientGone implements Cancellation {
  aborted = false;
  private readonly listeners = new Set<() => void>();

  addEventListener(_type: 'abort', listener: () => void): void {
    this.listeners.add(listener);
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    this.listeners.delete(listener);
  }

  abort(): void {
    if (this.aborted) return;
    this.aborted = true;
    for (const listener of [...this.listeners]) listener();
  }
}
