/** What has something to write. */
export interface Flushable {
  /** Writes it now. Never throws. */
  flush(): void;
}

/**
 * Writes of one turn of the event loop, done together at its end. A write to a socket wakes whoever waits at the other
 * end, which costs more than the write; of many in a row, the first wakes it for all. A turn that has one thing to do
 * ends at once, so that nothing waits for anything.
 */
export class WriteBatch {
  private waiting: Flushable[] = [];

  /** Whoever is added twice is flushed twice, and has nothing to write then. */
  add(flushable: Flushable): void {
    if (this.waiting.push(flushable) === 1) setImmediate(this.flush);
  }

  private readonly flush = (): void => {
    const { waiting } = this;
    this.waiting = [];
    for (const each of waiting) each.flush();
  };
}

/** Up to here bytes wait for the end of the turn; more are a batch by themselves. */
export const BATCHED_BYTES = 16 * 1024;
