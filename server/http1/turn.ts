import { drainMicrotasks } from 'bun:jsc';
import { AsyncLocalStorage } from 'node:async_hooks';

/** A connection as its turn sees it. */
export interface TurnMember {
  /** Reads. The bytes are its own. */
  received(bytes: Buffer): void;
  /** Writes what it has ready, if anything. */
  flush(): void;
  /** A defect of ours: one of the two has thrown, and the connection is no good any more. */
  fail(): void;
}

/**
 * One turn of the event loop: what its events have brought is read together at its end, then what is ready is
 * written together. The same code runs for one connection after the other, and a write wakes whoever waits at the
 * other end, which costs more than the write: of many in a row, the first wakes it for all. A turn that has one thing
 * to do ends at once, so that nothing waits for anything (docs/decisions/0010-work-of-one-turn.md).
 *
 * **Security**: no work begins in the asynchronous context of a request that has asked for the turn's end or was read
 * before: a hook of an embedder that keeps its user there would find another's.
 */
export class Turn {
  private readers: TurnMember[] = [];
  private reads: Buffer[] = [];
  private readBytes = 0;
  private writers: TurnMember[] = [];
  private isEnding = false;
  private isReading = false;
  private time: number | null = null;
  private date: number | null = null;
  /** Calls in the context that the turn was made in. */
  private readonly apart = AsyncLocalStorage.snapshot();

  /** Milliseconds that never go backwards: at the turn's end, those at which it began to end. */
  readonly now = (): number => this.time ?? performance.now();

  /** Milliseconds since the epoch: at the turn's end, those at which it began to end. */
  readonly wallClock = (): number => this.date ?? Date.now();

  /** Hands bytes to their reader: a few at the end of the turn, more at once, so that none pile up. */
  read(reader: TurnMember, bytes: Buffer): void {
    this.readers.push(reader);
    this.reads.push(bytes);
    this.readBytes += bytes.length;
    if (this.readBytes > READ_BYTES) this.settle();
    else this.endSoon();
  }

  /**
   * Before any other event of a connection is looked at, and before one is taken for idle: what was read before it
   * comes before it.
   */
  settle(): void {
    // A reader that ends its own connection is told so while the others wait for their turn.
    if (this.isReading) return;
    this.isReading = true;
    // By index: whoever reads may bring about further reads.
    for (let next = 0; next < this.readers.length; next++) {
      const reader = this.readers[next]!;
      try {
        this.apart(handOver, reader, this.reads[next]!);
      } catch {
        reader.fail();
      }
    }
    this.readers = [];
    this.reads = [];
    this.readBytes = 0;
    this.isReading = false;
  }

  /** Has something written at the end of the turn. Whoever is added twice is flushed twice, and has nothing then. */
  write(writer: TurnMember): void {
    this.writers.push(writer);
    this.endSoon();
  }

  /** Has work done in a turn of its own. */
  later(work: () => void): void {
    this.apart(setImmediate, work);
  }

  private endSoon(): void {
    if (this.isEnding) return;
    this.isEnding = true;
    this.later(this.end);
  }

  private readonly end = (): void => {
    this.time = performance.now();
    this.date = Date.now();
    this.settle();
    // What was read goes on in promises: to the answers that are to be written.
    drainMicrotasks();
    const { writers } = this;
    this.writers = [];
    this.isEnding = false;
    for (const writer of writers) {
      try {
        writer.flush();
      } catch {
        writer.fail();
      }
    }
    this.time = null;
    this.date = null;
  };
}

function handOver(reader: TurnMember, bytes: Buffer): void {
  reader.received(bytes);
}

/** Most bytes that wait to be read. */
const READ_BYTES = 256 * 1024;
