import type { Output } from './terminal.ts';

export interface LineWriterOptions {
  /** Milliseconds that a line may wait for others. Default: 50. */
  flushAfter?: number;
  /** Characters that are written at once, without waiting. Default: 65,536. */
  flushAt?: number;
  /** Characters kept for a reader that does not read; further lines are dropped. Default: 8 Mi. */
  keepAtMost?: number;
  /** Told once, with the first line that is dropped or when the reader has left. */
  onLoss?(reason: 'slow reader' | 'reader gone'): void;
}

export interface LineWriter {
  /** Takes a line without its line break; never waits and never throws. */
  write(line: string): void;
  /** Writes what is waiting; resolves when it is out. */
  flush(): Promise<void>;
  /** Lines that were given up. */
  readonly dropped: number;
}

/**
 * Writes lines in batches: one system call for many exchanges instead of one for each. A reader that is slow
 * or gone costs lines, never memory without bound and never the gateway.
 */
export function createLineWriter(output: Output, options: LineWriterOptions = {}): LineWriter {
  const { flushAfter = 50, flushAt = 65_536, keepAtMost = 8 * 1024 * 1024 } = options;
  let waiting = '';
  let timer: ReturnType<typeof setTimeout> | undefined;
  let writing: Promise<void> | undefined;
  let dropped = 0;
  let gone = false;

  const lose = (reason: 'slow reader' | 'reader gone') => {
    if (dropped++ === 0) options.onLoss?.(reason);
  };

  const drain = async () => {
    while (waiting !== '' && !gone) {
      const batch = waiting;
      waiting = '';
      try {
        await output.write(batch);
      } catch {
        gone = true;
        waiting = '';
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
    write(line) {
      if (gone) return void dropped++;
      if (waiting.length + line.length >= keepAtMost) return lose('slow reader');
      waiting += `${line}\n`;
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
