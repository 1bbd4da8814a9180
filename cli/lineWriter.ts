import type { Output } from './terminal.ts';

export interface LineWriterOptions<T> {
  /** What a line says, without its line break. Never throws. */
  line(entry: T): string;
  /** Milliseconds that a line may wait for others. Default: 50. */
  flushAfter?: number;
  /** Lines that are written at once, without waiting. Default: 256. */
  flushAt?: number;
  /** Lines kept for a reader that does not read; further ones are dropped. Default: 20,000. */
  keepAtMost?: number;
  /** Told once, with the first line that is dropped or when the reader has left. */
  onLoss?(reason: 'slow reader' | 'reader gone'): void;
}

export interface LineWriter<T> {
  /** Takes what makes a line; never waits and never throws. */
  write(entry: T): void;
  /** Writes what is waiting; resolves when it is out. */
  flush(): Promise<void>;
  /** Lines that were given up. */
  readonly dropped: number;
}

/**
 * Writes lines in batches: one system call for many exchanges instead of one for each, and their text is made in one
 * go. A reader that is slow or gone costs lines, never memory without bound and never the gateway.
 */
export function createLineWriter<T>(output: Output, options: LineWriterOptions<T>): LineWriter<T> {
  const { line, flushAfter = 50, flushAt = 256, keepAtMost = 20_000 } = options;
  let waiting: T[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  let writing: Promise<void> | undefined;
  let dropped = 0;
  let gone = false;

  const lose = (reason: 'slow reader' | 'reader gone') => {
    if (dropped++ === 0) options.onLoss?.(reason);
  };

  const drain = async () => {
    while (waiting.length > 0 && !gone) {
      const batch = waiting;
      waiting = [];
      try {
        await output.write(`${batch.map(line).join('\n')}\n`);
      } catch {
        gone = true;
        waiting = [];
        lose('reader gone');
      }
    }
    writing = undefined;
  };

  const flush = (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    writing ??= drain();
    return writing;
  };

  return {
    write(entry) {
      if (gone) return void dropped++;
      if (waiting.length >= keepAtMost) return lose('slow reader');
      waiting.push(entry);
      if (writing !== undefined) return;
      if (waiting.length >= flushAt) void flush();
      else timer ??= setTimeout(flush, flushAfter);
    },
    flush,
    get dropped() {
      return dropped;
    },
  };
}
