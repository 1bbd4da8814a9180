import { readFileSync } from 'node:fs';

/**
 * How many clients may be connected to this process: half of the files that the system lets it open, since each may
 * need a connection to an upstream, less a few that are its own. Infinite where the system does not say.
 *
 * **Security**: past its files a process can accept nobody, and try in vain as fast as it can.
 */
export function connectionLimit(limits: string = limitsOfThisProcess()): number {
  const files = /^Max open files\s+(\d+)/m.exec(limits)?.[1];
  return files === undefined
    ? Number.POSITIVE_INFINITY
    : Math.max(1, Math.floor((Number(files) - OWN_FILES) / 2));
}

/** Empty where there is no such file: on other systems than Linux. */
function limitsOfThisProcess(): string {
  try {
    return readFileSync('/proc/self/limits', 'utf8');
  } catch {
    return '';
  }
}

/** Standard streams, listeners, logs, stores, resolvers. */
const OWN_FILES = 64;
