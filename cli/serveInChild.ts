import type { ExitCode } from './exitCodes.ts';
import { runInChild } from './runInChild.ts';
import type { Terminal } from './terminal.ts';

/**
 * Bun's `fetch` runs 256 requests at a time and lets the next wait without a word; the variable that lifts
 * this to its most is read only when a process starts.
 */
export const FETCH_LIMIT = ['BUN_CONFIG_MAX_HTTP_REQUESTS', '65535'] as const;

/** Whether this process has to start another one to be free of the limit of `fetch`. */
export function needsChild(env: Terminal['env']): boolean {
  return env[FETCH_LIMIT[0]] === undefined;
}

/** Runs the same command line in a child process whose `fetch` is not limited, and ends as it ends. */
export function serveInChild({ self, argv, env, onSignal }: Terminal): Promise<ExitCode> {
  return runInChild([...self, ...argv], {
    env: { ...env, [FETCH_LIMIT[0]]: FETCH_LIMIT[1] },
    onSignal,
  });
}
