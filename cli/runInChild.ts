import { spawn } from 'node:child_process';
import { EXIT, type ExitCode } from './exitCodes.ts';
import { createSignalGate } from './signalGate.ts';
import type { StopSignal, Terminal } from './terminal.ts';

/**
 * Runs a command in a child process, on the same streams, and ends as it ends. Signals are handed on; the
 * child tells copies of one signal apart (see `signalGate.ts`).
 *
 * **Security**: the child gets the environment it is given here and nothing else.
 */
export async function runInChild(
  [program = '', ...args]: readonly string[],
  { env, onSignal }: Pick<Terminal, 'env' | 'onSignal'>,
): Promise<ExitCode> {
  const child = spawn(program, args, { env, stdio: 'inherit' });
  const exited = new Promise<number | null>((resolve, reject) => {
    child.once('exit', resolve);
    child.once('error', reject);
  });
  const stepFor = createSignalGate(() => performance.now());
  let lastResort: ReturnType<typeof setTimeout> | undefined;
  const release = onSignal((signal: StopSignal) => {
    child.kill(signal);
    // SIGHUP may ask for a reload, and often.
    if (signal !== 'SIGHUP' && stepFor() === 'exit')
      lastResort ??= setTimeout(() => child.kill('SIGKILL'), EXIT_GRACE);
  });
  try {
    const code = await exited;
    return isExitCode(code) ? code : EXIT.failed;
  } finally {
    release();
    clearTimeout(lastResort);
  }
}

// A child that is asked to leave at once has this long, in milliseconds, to hand over its last lines.
const EXIT_GRACE = 2000;

function isExitCode(code: number | null): code is ExitCode {
  return code !== null && (Object.values(EXIT) as number[]).includes(code);
}
