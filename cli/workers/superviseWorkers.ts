import { formatDuration } from '../../config/duration.ts';
import { EXIT, type ExitCode } from '../exitCodes.ts';
import type { Messages } from '../messages.ts';
import { createSignalGate } from '../signalGate.ts';
import { drainAnnounced, hasteAnnounced } from '../stopOnSignal.ts';
import type { StopSignal, Terminal } from '../terminal.ts';
import { createRestartPolicy, type Restart } from './restartPolicy.ts';
import { startWorker, type Worker, type WorkerEnd } from './startWorker.ts';
import { type WorkerOrder, workerEnvironment } from './workerOrder.ts';

export interface SuperviseOptions {
  readonly terminal: Terminal;
  readonly messages: Messages;
  readonly count: number;
  /** Milliseconds that running streams may go on after the signal to stop. */
  readonly drain: number;
  readonly port: number;
  readonly memory: string;
  /** Whether SIGHUP asks for a reload, and is no signal to stop. */
  readonly reloads: boolean;
  /** Told the URL when all of them listen. */
  onListening(url: string): void;
}

/**
 * Runs workers on one port until they are told to stop, and starts another in the place of one that has ended: its
 * streams are lost, those of the others are not. Each gets every signal once. Gives up, once the others have ended
 * in order, when one cannot be kept alive.
 */
export async function superviseWorkers(options: SuperviseOptions): Promise<ExitCode> {
  const { terminal, messages, count, reloads } = options;
  const crew = new Crew(options);
  const stepFor = createSignalGate(() => performance.now());
  const release = terminal.onSignal((signal: StopSignal) => {
    if (signal === 'SIGHUP' && reloads) return crew.tell(signal);
    switch (stepFor()) {
      case 'drain':
        messages.info(drainAnnounced(signal, options.drain));
        crew.stop(signal);
        break;
      case 'exit':
        messages.warn(hasteAnnounced(signal));
        crew.hasten(signal);
        break;
      case 'repeat':
    }
  });
  try {
    const codes = await Promise.all(Array.from({ length: count }, (_, index) => crew.keep(index)));
    return codes.find((code) => code !== EXIT.done) ?? EXIT.done;
  } finally {
    release();
    crew.close();
  }
}

class Crew {
  private readonly options: SuperviseOptions;
  private readonly running = new Map<number, Worker>();
  private readonly stopping = Promise.withResolvers<void>();
  private isStopping = false;
  private url: string | null = null;
  private lastResort: ReturnType<typeof setTimeout> | undefined;

  constructor(options: SuperviseOptions) {
    this.options = options;
  }

  /** Keeps one place filled until all stop. Gives the code that its last worker ended with. */
  async keep(index: number): Promise<ExitCode> {
    const { messages } = this.options;
    const restart = createRestartPolicy();
    for (;;) {
      const worker = this.start(index);
      const end = await worker.ended;
      this.running.delete(index);
      if (this.isStopping) return stoppedCode(end, worker);
      const next = this.restartAfter(worker, end) ?? restart(end.lived);
      if (next === 'give up') return this.giveUp(worker, end);
      const lost = worker.isReady ? ', and its streams are lost' : ' before it listened';
      messages.warn(`worker ${worker.pid} ${wordFor(end)}${lost}; ${announced(next)}`);
      await Promise.race([Bun.sleep(next), this.stopping.promise]);
      if (this.isStopping) return EXIT.done;
    }
  }

  tell(signal: StopSignal): void {
    for (const worker of this.running.values()) worker.kill(signal);
  }

  stop(signal: StopSignal): void {
    this.isStopping = true;
    this.stopping.resolve();
    this.tell(signal);
  }

  /** Asks them to leave at once, and sees to it that they do. */
  hasten(signal: StopSignal): void {
    this.tell(signal);
    this.lastResort ??= setTimeout(() => {
      for (const worker of this.running.values()) worker.kill('SIGKILL');
    }, EXIT_GRACE);
  }

  close(): void {
    clearTimeout(this.lastResort);
  }

  private start(index: number): Worker {
    const { terminal, messages, port, memory, count } = this.options;
    const order: WorkerOrder = { port, memory, speaks: index === 0 };
    const worker = startWorker(terminal, { env: workerEnvironment(order, terminal.env) });
    this.running.set(index, worker);
    void worker.ready.then((url) => {
      if (url === null || this.isStopping) return;
      if (this.url !== null) messages.info(`worker ${worker.pid} serves in its place`);
      else if (this.running.size === count && [...this.running.values()].every(({ isReady }) => isReady)) {
        this.url = url;
        this.options.onListening(url);
      }
    });
    return worker;
  }

  /** Where that is no question of how long it lived. */
  private restartAfter(worker: Worker, end: WorkerEnd): Restart | null {
    if (worker.isReady) return null;
    // What a worker cannot do at the first start none can, and it has said why.
    if (this.url === null) return 'give up';
    // A file can be broken meanwhile: the others serve on by what they have read of it.
    const isServed = [...this.running.values()].some(({ isReady }) => isReady);
    return saysWhy(end) && isServed ? TRY_AGAIN : null;
  }

  private giveUp(worker: Worker, end: WorkerEnd): ExitCode {
    const { messages } = this.options;
    if (this.url === null) {
      if (!saysWhy(end)) messages.error(`worker ${worker.pid} ${wordFor(end)} before it listened`);
    } else {
      messages.error(
        `worker ${worker.pid} ${wordFor(end)}, again and again: no other is started, and all stop. What ended them ` +
          'stands above, or in the log of the system',
      );
    }
    this.stop('SIGTERM');
    return saysWhy(end) ? end.code : EXIT.failed;
  }
}

// Workers that are asked to leave at once have this long, in milliseconds, to hand over their last lines.
const EXIT_GRACE = 2000;

// How long a worker is waited for that cannot start as things are, in milliseconds.
const TRY_AGAIN = 3000;

function announced(next: Exclude<Restart, 'give up'>): string {
  return next === 0 ? 'another takes its place' : `another takes its place in ${formatDuration(next)}`;
}

function wordFor({ code, signal }: WorkerEnd): string {
  if (signal !== null) return `was ended by ${signal}`;
  return code === null ? 'could not be started' : `has ended with ${code}`;
}

/** A code of this program's own: the reason is on stderr. */
function saysWhy(end: WorkerEnd): end is WorkerEnd & { code: ExitCode } {
  return end.code !== null && end.code !== EXIT.done && (Object.values(EXIT) as number[]).includes(end.code);
}

/** A worker that was told to stop before it could listen for signals was ended by the signal. */
function stoppedCode(end: WorkerEnd, worker: Worker): ExitCode {
  if (!worker.isReady && end.signal !== null) return EXIT.done;
  return end.code === EXIT.done ? EXIT.done : EXIT.failed;
}
