/** A thread that opens each of the files it is told at the same moment as the other threads; answers what failed. */
import { createSqliteStore } from '../sqliteStore.ts';

declare const self: Worker;

interface Order {
  paths: readonly string[];
  /** A count of the threads that are there, for each file. */
  arrived: SharedArrayBuffer;
  threads: number;
}

self.onmessage = async ({ data: { paths, arrived, threads } }: MessageEvent<Order>) => {
  const counts = new Int32Array(arrived);
  const failures: string[] = [];
  for (const [file, path] of paths.entries()) {
    Atomics.add(counts, file, 1);
    while (Atomics.load(counts, file) < threads);
    try {
      await createSqliteStore({ path }).close();
    } catch (error) {
      failures.push(String(error));
    }
  }
  self.postMessage(failures);
};
