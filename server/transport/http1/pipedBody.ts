import { part } from '../../http1/part.ts';
import type { AnswerBody, BodySink, Ending } from '../transport.ts';

/** Whom a body asks to stop and go on reading; `cancelled` when its reader has given it up. */
export interface BodySource {
  pause(): void;
  resume(): void;
  piping(silence: number | undefined): void;
  cancelled(): void;
  /** The reader has been told how it ended: nothing of the exchange is left. */
  settled(): void;
}

/**
 * An answer's body on its way from the connection to its reader. While the reader is busy, or there is none
 * yet, pieces wait here, and past a bound the connection is not read any further: a slow reader holds about
 * one read (512 KiB at most) in memory, however long the body.
 */
export class PipedBody implements AnswerBody {
  whole: Uint8Array | null = null;
  readonly framing: AnswerBody['framing'];

  private readonly source: BodySource;
  private queue: Uint8Array[] = [];
  private queued = 0;
  private sink: BodySink | null = null;
  private busy = false;
  private ending: Ending | null = null;
  private settle: ((ending: Ending) => void) | null = null;
  private isSettled = false;

  constructor(framing: AnswerBody['framing'], source: BodySource) {
    this.framing = framing;
    this.source = source;
  }

  /** True while the reader, and not the upstream, is what everyone waits for. */
  get isHeld(): boolean {
    return this.busy || this.sink === null;
  }

  /** True while a piece need not wait. */
  private get isFlowing(): boolean {
    return this.sink !== null && !this.busy && this.queue.length === 0;
  }

  /** A piece from the connection. */
  push(bytes: Uint8Array): void {
    if (this.ending !== null) return;
    if (this.isFlowing) {
      this.deliver(bytes);
      return;
    }
    this.queue.push(bytes);
    this.queued += bytes.length;
    if (this.busy || this.queued > BEFORE_PIPE) this.source.pause();
  }

  /** A piece as the chunk that it came in: its own bytes are those from `start` to `end`. */
  pushChunk(chunk: Uint8Array, start: number, end: number): void {
    const takesChunks = this.ending === null && this.isFlowing && this.sink!.writeChunk !== undefined;
    if (takesChunks) this.deliverChunk(chunk, start, end);
    else this.push(part(chunk, start, end));
  }

  /** The connection says how it ended. What was received before still goes to the reader, unless it is over. */
  end(ending: Ending): void {
    if (this.ending !== null && ending.kind !== 'aborted' && ending.kind !== 'timed_out') return;
    if (this.isSettled) return;
    this.ending = ending;
    if (ending.kind === 'aborted' || ending.kind === 'timed_out') {
      this.queue = [];
      this.finish();
    } else this.flush();
  }

  /** The whole body came with its head: it is one piece, and nothing of the exchange is left. */
  becomeWhole(): void {
    const { queue } = this;
    this.whole = queue.length === 0 ? EMPTY : queue.length === 1 ? queue[0]! : Buffer.concat(queue);
    this.queue = [];
    this.ending = { kind: 'complete' };
    this.isSettled = true;
    this.source.settled();
  }

  pipe(sink: BodySink, options: { silence?: number } = {}): Promise<Ending> {
    const { promise, resolve } = Promise.withResolvers<Ending>();
    this.settle = resolve;
    this.sink = sink;
    if (this.whole !== null && this.whole.length > 0) this.queue = [this.whole];
    this.source.piping(options.silence);
    this.flush();
    return promise;
  }

  cancel(): void {
    if (this.isSettled) return;
    this.end({ kind: 'aborted' });
    this.source.cancelled();
  }

  private deliver(bytes: Uint8Array): void {
    try {
      this.await(this.sink!.write(bytes));
    } catch {
      this.giveUp();
    }
  }

  private deliverChunk(chunk: Uint8Array, start: number, end: number): void {
    try {
      this.await(this.sink!.writeChunk!(chunk, start, end));
    } catch {
      this.giveUp();
    }
  }

  private await(written: undefined | Promise<unknown>): void {
    if (written !== undefined) this.wait(written);
  }

  /** Apart, so that nothing is made for its closures where there is nothing to wait for. */
  private wait(written: Promise<unknown>): void {
    this.busy = true;
    written.then(
      () => this.proceed(),
      () => this.giveUp(),
    );
  }

  private proceed(): void {
    this.busy = false;
    this.flush();
  }

  /** The reader has failed. */
  private giveUp(): void {
    this.busy = false;
    if (!this.isSettled) this.cancel();
    else {
      // The whole body came with its head, and nothing is left to be cancelled.
      this.queue = [];
      this.ending = { kind: 'aborted' };
      this.finish();
    }
  }

  private flush(): void {
    if (this.sink === null) return;
    // By index: shifting a long array for every piece would cost its square.
    let next = 0;
    while (next < this.queue.length && !this.busy) this.deliver(this.queue[next++]!);
    if (next > 0) this.queue = this.queue.slice(next);
    if (this.busy) return;
    this.queued = 0;
    if (this.ending === null) this.source.resume();
    else this.finish();
  }

  private finish(): void {
    if (!this.isSettled) {
      this.isSettled = true;
      this.source.settled();
    }
    this.settle?.(this.ending!);
  }
}

/** Bytes that may wait for the reader to come before reading stops. */
const BEFORE_PIPE = 64 * 1024;
const EMPTY = new Uint8Array(0);
