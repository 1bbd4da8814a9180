import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { processTree, TICKS_PER_SECOND } from './processTree.ts';

/**
 * Starts to watch what everything but this process and its descendants uses of the machine. The function that is
 * returned tells it, from 0 to 1 of all processors, since the start.
 */
export function watchOthers(): () => number {
  const own = processTree(process.pid);
  const before = { own: own.cpuSeconds(), all: busySeconds(), time: performance.now() };
  return () => {
    const others = busySeconds() - before.all - (own.cpuSeconds() - before.own);
    const available = ((performance.now() - before.time) / 1000) * cpus().length;
    return Math.min(1, Math.max(0, others / available));
  };
}

/** User, nice and system time of all processors, and what a host took of them (proc_stat(5)), in seconds. */
function busySeconds(): number {
  const [, user, nice, system, , , , , steal] = readFileSync('/proc/stat', 'latin1').split(/\s+/, 9);
  return (Number(user) + Number(nice) + Number(system) + Number(steal)) / TICKS_PER_SECOND;
}
