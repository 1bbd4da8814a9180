import { OLDEST_BUN } from './version.ts';

/** The error of what only Bun can run. */
export function needsBun(what: string): Error {
  return new Error(`${what} runs on Bun ${OLDEST_BUN} or newer (https://bun.com), unlike signUrl`);
}
