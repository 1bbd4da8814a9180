import type { Supervisor, Terminal } from '../terminal.ts';

/** What a process is told that is to be one of several workers. Its settings it reads itself, as every process does. */
export interface WorkerOrder {
  /** The port that all of them share. */
  readonly port: number;
  /** Whether it is the one that speaks of what all of them do, such as reading the configuration again. */
  readonly speaks: boolean;
  /** The file in which all of them count what one process would count in its memory. */
  readonly memory: string;
}

/** What a worker tells when it listens. */
export interface WorkerReady {
  readonly url: string;
}

const VARIABLE = 'SIGNWAY_WORKER';

/** The environment of a worker. */
export function workerEnvironment(order: WorkerOrder, env: Terminal['env']): Terminal['env'] {
  return { ...env, [VARIABLE]: JSON.stringify(order) };
}

/** The order under which this process runs, and who gave it; null where it is no worker. */
export function workerOrder({
  env,
  supervisor,
}: Pick<Terminal, 'env' | 'supervisor'>): { order: WorkerOrder; supervisor: Supervisor } | null {
  const order = env[VARIABLE];
  if (order === undefined || supervisor === undefined) return null;
  return { order: JSON.parse(order) as WorkerOrder, supervisor };
}

/** A worker's terminal: when the process that started it is gone, that is its signal to stop. */
export function workerTerminal(terminal: Terminal, supervisor: Supervisor): Terminal {
  return {
    ...terminal,
    onSignal(listener) {
      supervisor.onGone(() => listener('SIGTERM'));
      return terminal.onSignal(listener);
    },
  };
}
