import { formatDuration } from '../config/duration.ts';
import type { RunningSignway } from '../server/index.ts';
import { EXIT, type ExitCode } from './exitCodes.ts';
import type { Messages } from './messages.ts';
import { createSignalGate } from './signalGate.ts';
import type { StopSignal, Terminal } from './terminal.ts';

export interface StopOptions {
  terminal: Pick<Terminal, 'onSignal'>;
  messages: Messages;
  /** Milliseconds that running streams may go on. */
  drain: number;
  /** Whether it says what a signal means; a worker leaves that to the process that started it. */
  announces: boolean;
  /** What SIGHUP does in place of stopping. */
  onHangup?: () => void;
}

/**
 * Waits for the signal to stop. The first lets running exchanges end, up to the drain limit, and gives 0; a
 * second, a second or more later, breaks them off and gives 1 as soon as each has left its record.
 */
export function stopOnSignal(running: RunningSignway, options: StopOptions): Promise<ExitCode> {
  const { terminal, messages, drain, announces, onHangup } = options;
  const stepFor = createSignalGate(() => performance.now());
  return new Promise((resolve, reject) => {
    const finish = (code: ExitCode) => {
      release();
      resolve(code);
    };
    let hurried = false;
    const drainAndFinish = async () => {
      const { brokenOff } = await running.stop({ drain });
      if (hurried) return;
      if (brokenOff > 0) {
        messages.warn(`${brokenOff} of the running exchanges did not end within ${formatDuration(drain)}`);
      }
      finish(EXIT.done);
    };
    const release = terminal.onSignal((signal) => {
      if (signal === 'SIGHUP' && onHangup !== undefined) return onHangup();
      switch (stepFor()) {
        case 'drain':
          if (announces) messages.info(drainAnnounced(signal, drain));
          drainAndFinish().catch(reject);
          break;
        case 'exit':
          if (announces) messages.warn(hasteAnnounced(signal));
          hurried = true;
          breakOff(running).then(() => finish(EXIT.failed), reject);
          break;
        case 'repeat':
      }
    });
  });
}

export function drainAnnounced(signal: StopSignal, drain: number): string {
  return `${signal}: no new requests; running ones have ${formatDuration(drain)} to end. Repeat to exit now.`;
}

export function hasteAnnounced(signal: StopSignal): string {
  return `${signal} again: running exchanges are broken off`;
}

/** Ends every exchange now, so that each is recorded; what does not end does not keep the process. */
async function breakOff(running: RunningSignway): Promise<void> {
  await Promise.race([running.stop({ drain: 0 }), Bun.sleep(LAST_RECORDS)]);
}

// How long exchanges may take to be broken off, in milliseconds.
const LAST_RECORDS = 1000;
