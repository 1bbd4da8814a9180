import { spawn } from 'node:child_process';
import type { Terminal } from '../terminal.ts';
import { relayLines } from './relayLines.ts';
import type { WorkerReady } from './workerOrder.ts';

/** One worker's process. */
export interface Worker {
  readonly pid: number | undefined;
  /** Set once it listens. */
  readonly isReady: boolean;
  /** Resolves with its URL when it listens, or with null when it has ended before. */
  readonly ready: Promise<string | null>;
  /** Resolves when it has ended and its last lines have been handed on. */
  readonly ended: Promise<WorkerEnd>;
  kill(signal: NodeJS.Signals): void;
}

export interface WorkerEnd {
  /** The exit code; null when a signal ended it, or when it could not be started. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Milliseconds from its start. */
  readonly lived: number;
}

/**
 * Starts a worker with this program's own command line. Its lines are handed on to stdout, what it says to a person
 * goes where this process's own words go.
 *
 * **Security**: the worker gets the environment it is given here and nothing else; secrets are in its command line only
 * where they are in this one's.
 */
export function startWorker(
  { self, argv, stdout }: Pick<Terminal, 'self' | 'argv' | 'stdout'>,
  { env }: Pick<Terminal, 'env'>,
): Worker {
  const [program = '', ...args] = [...self, ...argv];
  const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
  const started = performance.now();
  const relayed = relayLines(child.stdout!, stdout);
  const exited = new Promise<Pick<WorkerEnd, 'code' | 'signal'>>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
    child.once('error', () => resolve({ code: null, signal: null }));
  });
  let isReady = false;
  const ready = new Promise<string | null>((resolve) => {
    child.once('message', (message) => {
      isReady = true;
      resolve((message as unknown as WorkerReady).url);
    });
    void exited.then(() => resolve(null));
  });
  return {
    pid: child.pid,
    get isReady() {
      return isReady;
    },
    ready,
    ended: exited.then(async (how) => {
      const lived = performance.now() - started;
      // A reader that does not read must not keep a stopped gateway alive.
      await Promise.race([relayed, Bun.sleep(LAST_LINES)]);
      return { ...how, lived };
    }),
    kill: (signal) => void child.kill(signal),
  };
}

// How long the last lines may take to be read, in milliseconds.
const LAST_LINES = 2000;
