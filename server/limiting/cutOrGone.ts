import type { AbortListener, Cancellation } from '../transport/transport.ts';

/** Tells a transport that nobody waits for an answer any more: the client has left, or the exchange has been cut. */
export class CutOrGone implements Cancellation {
  readonly #gone: Cancellation;
  readonly #listeners = new Set<AbortListener>();
  #isCut = false;

  constructor(gone: Cancellation) {
    this.#gone = gone;
  }

  get aborted(): boolean {
    return this.#isCut || this.#gone.aborted;
  }

  addEventListener(type: 'abort', listener: AbortListener): void {
    this.#listeners.add(listener);
    this.#gone.addEventListener(type, listener);
  }

  removeEventListener(type: 'abort', listener: AbortListener): void {
    this.#listeners.delete(listener);
    this.#gone.removeEventListener(type, listener);
  }

  cut(): void {
    this.#isCut = true;
    for (const listener of [...this.#listeners]) listener.handleEvent();
  }
}
