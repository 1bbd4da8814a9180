import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { CliError } from '../cliError.ts';
import { EXIT } from '../exitCodes.ts';

export interface SharedMemory extends Disposable {
  readonly file: string;
}

/**
 * A file in which several processes count what one would count in its memory, gone when they are: a nonce that is good
 * once is good once, whichever worker is asked. It lies in memory where the system has a place for that.
 *
 * @throws {CliError} 1 where there is none, and no folder for temporary files either
 */
export function createSharedMemory(): SharedMemory {
  for (const place of ['/dev/shm', tmpdir()]) {
    try {
      const folder = mkdtempSync(join(place, 'signway-'));
      return {
        file: join(folder, FILE),
        [Symbol.dispose]: () => removeSharedMemory(join(folder, FILE)),
      };
    } catch {
      // The next one may do.
    }
  }
  throw new CliError(
    EXIT.failed,
    'workers have no place where they could count together: neither /dev/shm nor the temporary folder can be written',
    'Name one with --store sqlite:FILE or redis://HOST:PORT.',
  );
}

/** Removes it in the name of who made it. Processes that have it open keep what they have. */
export function removeSharedMemory(file: string): void {
  rmSync(dirname(file), { recursive: true, force: true });
}

const FILE = 'store.sqlite';
