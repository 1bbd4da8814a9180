import type { PinnedName } from '../server/upstream/network.ts';
import { parsePinnedName } from '../server/upstream/pinnedName.ts';
import { CliError } from './cliError.ts';
import { EXIT } from './exitCodes.ts';

/** Reads `--resolve`. @throws {CliError} 2 */
export function readPinnedName(text: string): PinnedName {
  const pinned = parsePinnedName(text);
  if (pinned !== undefined) return pinned;
  throw new CliError(
    EXIT.usage,
    `--resolve must be HOST:PORT:ADDRESS, not '${text}'`,
    'For example --resolve api.example.com:443:10.0.0.5 or --resolve api.example.com:443:[fd00::5]',
  );
}
