import { availableParallelism } from 'node:os';
import { CliError } from '../cliError.ts';
import { EXIT } from '../exitCodes.ts';

/**
 * How many workers there are to be; null for none, which is one process that serves by itself.
 *
 * @throws {CliError} 2
 */
export function readWorkerCount(text: string | undefined): number | null {
  if (text === undefined) return null;
  if (text === 'auto') return availableParallelism();
  const count = Number(text);
  if (/^\d{1,3}$/.test(text) && count > 0) return count;
  throw new CliError(EXIT.usage, `--workers must be a number from 1 to 999, or auto, not '${text}'`);
}
