import { readdirSync, readFileSync } from 'node:fs';

/** A process and all that it started, as the kernel sees them now. */
export interface ProcessTree {
  /** CPU used so far, user and system, in seconds; of children that have ended too. */
  cpuSeconds(): number;
  /** Memory that the processes hold for themselves alone, in bytes. */
  privateBytes(): number;
}

/** Watches a process and its descendants; processes that start later are found when they are asked for. */
export function processTree(pid: number): ProcessTree {
  return {
    // Neither is ever too high: ticks are rounded down, the scheduler's count lacks threads that have ended.
    cpuSeconds: () => Math.max(sumOver(pid, cpuTicks) / TICKS_PER_SECOND, sumOver(pid, runNanoseconds) / 1e9),
    privateBytes: () => sumOver(pid, privateKib) * 1024,
  };
}

/** The children of a process, and theirs, as they are now. */
export function descendants(pid: number): number[] {
  const found: number[] = [];
  for (const task of unlessGone(() => readdirSync(`/proc/${pid}/task`), [])) {
    const list = unlessGone(() => readFileSync(`/proc/${pid}/task/${task}/children`, 'latin1').trim(), '');
    for (const child of list === '' ? [] : list.split(' ')) {
      found.push(Number(child), ...descendants(Number(child)));
    }
  }
  return found;
}

// sysconf(_SC_CLK_TCK): 100 on every Linux that Bun runs on.
export const TICKS_PER_SECOND = 100;

function sumOver(pid: number, measure: (pid: number) => number): number {
  return [pid, ...descendants(pid)].reduce((sum, each) => sum + unlessGone(() => measure(each), 0), 0);
}

/** utime, stime, and those of the children that were waited for (proc_pid_stat(5), fields 14 to 17). */
function cpuTicks(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  // The second field is the command's name in parentheses, which may hold spaces and parentheses of its own.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
}

/** What the scheduler counted for the threads that there are, to the nanosecond. */
function runNanoseconds(pid: number): number {
  return readdirSync(`/proc/${pid}/task`).reduce((sum, task) => {
    const counted = unlessGone(() => readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'latin1'), '0');
    return sum + Number(counted.split(' ', 1)[0]);
  }, 0);
}

function privateKib(pid: number): number {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1');
  let kib = 0;
  for (const [, value] of rollup.matchAll(/^Private_(?:Clean|Dirty): +(\d+) kB$/gm)) kib += Number(value);
  return kib;
}

/** A process that ends between being listed and being read counts in its parent's. */
function unlessGone<T>(read: () => T, gone: T): T {
  try {
    return read();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH') return gone;
    throw error;
  }
}
