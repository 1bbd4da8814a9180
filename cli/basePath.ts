import { mountAt } from '../server/mount.ts';
import { CliError } from './cliError.ts';
import { EXIT } from './exitCodes.ts';

/** Reads `--base-path`, without the slash at its end. Default: `/`, which is the empty text. @throws {CliError} 2 */
export function readBasePath(text: string | undefined): string {
  try {
    return mountAt(text).basePath;
  } catch {
    throw new CliError(EXIT.usage, '--base-path must be a path such as /gw');
  }
}
