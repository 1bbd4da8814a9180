import { readFileSync } from 'node:fs';

/** How many files a process may have open here: the hard limit, which every server of the bench asks for. */
export function descriptorLimit(): number {
  const limits = readFileSync('/proc/self/limits', 'latin1');
  const hard = /^Max open files +\S+ +(\S+)/m.exec(limits)?.[1];
  return hard === 'unlimited' ? 1_000_000 : Number(hard);
}
