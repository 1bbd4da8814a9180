import { connect } from 'node:net';
import { basename, join } from 'node:path';
import { descendants, type ProcessTree, processTree } from './processTree.ts';

export interface StartOptions {
  /** The port on which it will listen. */
  port: number;
  /** Where its standard error is kept, in a file. */
  folder: string;
  /** Added to this process's environment. */
  env?: Readonly<Record<string, string>>;
}

export interface RunningProcess {
  readonly tree: ProcessTree;
  /** Ends it with SIGTERM, and all of it with SIGKILL when that does not help within 3 s. */
  stop(): Promise<void>;
}

/**
 * Starts a command and resolves when it listens.
 *
 * @throws {Error} with what it wrote to standard error when it ends instead, or does not listen within 15 s
 */
export async function startProcess(
  command: readonly string[],
  { port, folder, env }: StartOptions,
): Promise<RunningProcess> {
  const errors = join(folder, `${port}.stderr`);
  const child = Bun.spawn([...command], {
    // Away from where a configuration file or a .env may lie.
    cwd: folder,
    stdin: 'ignore',
    stdout: 'ignore',
    stderr: Bun.file(errors),
    env: { ...process.env, ...env },
  });
  const stop = async () => {
    const pids = [child.pid, ...descendants(child.pid)];
    child.kill('SIGTERM');
    const killer = setTimeout(() => pids.forEach(killUnlessGone), STOPPING_MS);
    await child.exited;
    clearTimeout(killer);
  };
  for (const until = performance.now() + STARTING_MS; !(await accepts(port)); ) {
    if (child.exitCode === null && performance.now() < until) await Bun.sleep(20);
    else {
      await stop();
      throw new Error(`${basename(command[0]!)} does not listen: ${await Bun.file(errors).text()}`);
    }
  }
  return { tree: processTree(child.pid), stop };
}

/** A port of loopback that is free now, below those that clients are given. */
export function freePort(): number {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    try {
      Bun.listen({ hostname: '127.0.0.1', port, exclusive: true, socket: { data() {} } }).stop();
      return port;
    } catch {}
  }
}

const STARTING_MS = 15_000;
const STOPPING_MS = 3000;

function accepts(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect(port, '127.0.0.1');
  socket.on('connect', () => {
    socket.destroy();
    resolve(true);
  });
  socket.on('error', () => resolve(false));
  return promise;
}

function killUnlessGone(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {}
}
