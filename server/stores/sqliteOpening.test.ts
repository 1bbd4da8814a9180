import { expect, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const FILES = 100;
const THREADS = 2;

test('a file that is new is opened by several at once', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'signway-opening-'));
  try {
    const paths = Array.from({ length: FILES }, (_, file) => join(folder, `${file}.sqlite`));
    const arrived = new SharedArrayBuffer(4 * FILES);
    const failures = Array.from({ length: THREADS }, async () => {
      const thread = new Worker(new URL('./testing/opensTogether.ts', import.meta.url).href);
      const { promise, resolve, reject } = Promise.withResolvers<string[]>();
      thread.onmessage = ({ data }) => resolve(data);
      thread.onerror = reject;
      thread.postMessage({ paths, arrived, threads: THREADS });
      const failed = await promise;
      thread.terminate();
      return failed;
    });
    expect((await Promise.all(failures)).flat()).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}, 60_000);
