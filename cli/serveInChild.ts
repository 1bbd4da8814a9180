import { EXIT, type ExitCode } from './exitCodes.ts';
import { createSignalGate } from './signalGate.ts';
import type { StopSignal, Terminal } from './terminal.ts';

/**
 * Bun's `fetch` runs 256 requests at a time and lets the next wait without a word; the variable that lifts
 * this to its most is read only when a process starts.
 */
export const FETCH_LIMIT = ['BUN_CONFIG_MAX_HTTP_REQUESTS', '65535'] as const;

/** Whether this process has to start another one to be free of the limit of `fetch`. */
export function needsChild(env: Terminal['env']): boolean {
  return env[FETCH_LIMIT[0]] === undefined;
}

/**
 * Runs the same command line in a child process whose `fetch` is not limited, on the same streams, and ends
 * as it ends. Signals are handed on; the child tells copies of one signal apart (see `signalGate.ts`).
 *
 * **Security**: the child gets this process's arguments and environment, and nothing else is added to them.
 */
export async function serveInChild(terminal: Terminal): Promise<ExitCode> {
  const child = Bun.spawn([...terminal.self, ...terminal.argv], {
    env: { ...terminal.env, [FETCH_LIMIT[0]]: FETCH_LIMIT[1] },
    stdin: 'inherit',
    stdout: 'inherit',
    stderr: 'inherit',
  });
  const stepFor = createSignalGate(() => performance.now());
  let lastResort: ReturnType<typeof setTimeout> | undefined;
  const forward = (signal: StopSignal) => {
    child.kill(signal);
    if (stepFor() === 'exit') lastResort ??= setTimeout(() => child.kill('SIGKILL'), EXIT_GRACE);
  };
  const release = terminal.onSignal(forward);
  const code = await child.exited;
  release();
  clearTimeout(lastResort);
  return isExitCode(code) ? code : EXIT.failed;
}

// A child that is asked to leave at once has this long, in milliseconds, to hand over its last lines.
const EXIT_GRACE = 2000;

function isExitCode(code: number): code is ExitCode {
  return (Object.values(EXIT) as number[]).includes(code);
}
