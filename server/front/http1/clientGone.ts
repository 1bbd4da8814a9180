import type { AbortListener, Cancellation } from '../../transport/transport.ts';

/** Tells that a client has left. An `AbortController` would do, at four times the cost for every request. */
export class ClientGone implements Cancellation {
  aborted = false;
  private listeners: readonly AbortListener[] = NONE;

  addEventListener(_type: 'abort', listener: AbortListener): void {
    this.listeners = this.listeners.length === 0 ? [listener] : [...this.listeners, listener];
  }

  removeEventListener(_type: 'abort', listener: AbortListener): void {
    // Mostly there is one.
    if (this.listeners.length === 1 && this.listeners[0] === listener) this.listeners = NONE;
    else this.listeners = this.listeners.filter((each) => each !== listener);
  }

  abort(): void {
    if (this.aborted) return;
    this.aborted = true;
    for (const listener of this.listeners) listener.handleEvent();
  }
}

const NONE: readonly AbortListener[] = [];
