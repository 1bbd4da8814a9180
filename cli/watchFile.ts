import { statSync, watch } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Calls back when a file holds something else. Gives the function that ends it.
 *
 * It watches the folder, not the file: editors put a new file in its place, and Kubernetes turns a link to another
 * folder.
 */
export function watchFile(path: string, onChange: () => void): () => void {
  let known = stamp(path);
  let settling: ReturnType<typeof setTimeout> | undefined;
  const watcher = watch(dirname(path), () => {
    clearTimeout(settling);
    settling = setTimeout(() => {
      const now = stamp(path);
      if (now === null || now === known) return;
      known = now;
      onChange();
    }, SETTLING);
  });
  return () => {
    clearTimeout(settling);
    watcher.close();
  };
}

// Writing a file takes several steps; this long after the last one it is read, in milliseconds.
const SETTLING = 100;

function stamp(path: string): string | null {
  const found = statSync(path, { throwIfNoEntry: false });
  return found === undefined ? null : `${found.dev}:${found.ino}:${found.size}:${found.mtimeMs}`;
}
