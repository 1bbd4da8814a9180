import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';

/** A system under test or a part of the bench, as its processes. */
export interface Running {
  readonly pids: () => readonly number[];
  stop(): Promise<void>;
}

/** Starts a command and resolves when it listens on `port`. */
export async function start(
  command: string[],
  { port, env = {}, cwd }: { port: number; env?: Record<string, string>; cwd?: string },
): Promise<Running> {
  const child = Bun.spawn(command, {
    stdin: 'ignore',
    stdout: 'ignore',
    stderr: 'pipe',
    env: { ...process.env, ...env },
    ...(cwd === undefined ? {} : { cwd }),
  });
  const gone = child.exited.then(async (code) => {
    throw new Error(`${command.join(' ')} ended with ${code}: ${await new Response(child.stderr).text()}`);
  });
  await Promise.race([listening(port), gone]);
  gone.catch(() => {});
  return {
    pids: () => [child.pid, ...childrenOf(child.pid)],
    async stop() {
      child.kill('SIGTERM');
      const killer = setTimeout(() => child.kill('SIGKILL'), 3000);
      await child.exited;
      clearTimeout(killer);
    },
  };
}

/** CPU that processes have used so far, in seconds, user and system. */
export function cpuSeconds(pids: readonly number[]): number {
  let ticks = 0;
  for (const pid of pids) {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    ticks += Number(fields[11]) + Number(fields[12]);
  }
  return ticks / TICKS_PER_SECOND;
}

/** Memory that processes hold for themselves alone, in bytes. */
export function privateBytes(pids: readonly number[]): number {
  let kib = 0;
  for (const pid of pids) {
    const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1');
    for (const [, value] of rollup.matchAll(/^Private_(?:Clean|Dirty): +(\d+) kB$/gm)) kib += Number(value);
  }
  return kib * 1024;
}

// sysconf(_SC_CLK_TCK): 100 on every Linux that Bun runs on.
const TICKS_PER_SECOND = 100;

function childrenOf(pid: number): number[] {
  const children: number[] = [];
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    const list = readFileSync(`/proc/${pid}/task/${task}/children`, 'latin1').trim();
    for (const child of list === '' ? [] : list.split(' '))
      children.push(Number(child), ...childrenOf(Number(child)));
  }
  return children;
}

async function listening(port: number): Promise<void> {
  const until = performance.now() + 10_000;
  while (performance.now() < until) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1');
      socket.on('connect', () => {
        socket.destroy();
        resolve(true);
      });
      socket.on('error', () => resolve(false));
    });
    if (open) return;
    await Bun.sleep(20);
  }
  throw new Error(`nothing listens on port ${port}`);
}
