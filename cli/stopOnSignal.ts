import type { RunningSignway } from '../server/index.ts';
import { formatDuration } from './duration.ts';
import { EXIT, type ExitCode } from './exitCodes.ts';
import type { Messages } from './messages.ts';
import { createSignalGate } from './signalGate.ts';
import type { Terminal } from './terminal.ts';

export interface StopOptions {
  terminal: Pick<Terminal, 'onSignal'>;
  messages: Messages;
  /** Milliseconds that running streams may go on. */
  drain: number;
}

/**
 * Waits for the signal to stop. The first lets running exchanges end, up to the drain limit, and gives 0; a
 * second, a second or more later, gives 1 at once.
 */
export function stopOnSignal(running: RunningSignway, options: StopOptions): Promise<ExitCode> {
  const { terminal, messages, drain } = options;
  const stepFor = createSignalGate(() => performance.now());
  return new Promise((resolve, reject) => {
    const finish = (code: ExitCode) => {
      release();
      resolve(code);
    };
    const drainAndFinish = async () => {
      const { brokenOff } = await running.stop({ drain });
      if (brokenOff > 0) {
        messages.warn(`${brokenOff} of the running exchanges did not end within ${formatDuration(drain)}`);
      }
      finish(EXIT.done);
    };
    const release = terminal.onSignal((signal) => {
      switch (stepFor()) {
        case 'drain':
          messages.info(
            `${signal}: no new requests; running ones have ${formatDuration(drain)} to end. Repeat to exit now.`,
          );
          drainAndFinish().catch(reject);
          break;
        case 'exit':
          messages.warn(`${signal} again: running exchanges are broken off`);
          finish(EXIT.failed);
          break;
        case 'repeat':
      }
    });
  });
}
