import { isIP } from 'node:net';
import type { PinnedName } from '../server/upstream/network.ts';
import { CliError } from './cliError.ts';
import { EXIT } from './exitCodes.ts';

/**
 * Reads `--resolve HOST:PORT:ADDRESS`, curl's form; IPv6 addresses stand in brackets.
 *
 * @throws {CliError} 2
 */
export function readPinnedName(text: string): PinnedName {
  const match = /^([^:[\]]+|\[[0-9A-Fa-f:.]+\]):(\d{1,5}):(.+)$/.exec(text);
  const hostname = match?.[1] ?? '';
  const port = Number(match?.[2] ?? 0);
  const address = (match?.[3] ?? '').replace(/^\[(.*)\]$/, '$1');
  const url = URL.parse(`http://${hostname}/`);
  if (url === null || port < 1 || port > 65_535 || isIP(address) === 0) {
    throw new CliError(
      EXIT.usage,
      `--resolve must be HOST:PORT:ADDRESS, not '${text}'`,
      'For example --resolve api.example.com:443:10.0.0.5 or --resolve api.example.com:443:[fd00::5]',
    );
  }
  return { hostname: url.hostname, port, address };
}
