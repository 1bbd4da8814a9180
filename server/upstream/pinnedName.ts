import { isIP } from 'node:net';
import type { PinnedName } from './network.ts';

/** Reads `HOST:PORT:ADDRESS`, curl's form; IPv6 addresses stand in brackets. Undefined when it cannot be read. */
export function parsePinnedName(text: string): PinnedName | undefined {
  const match = /^([^:[\]]+|\[[0-9A-Fa-f:.]+\]):(\d{1,5}):(.+)$/.exec(text);
  const port = Number(match?.[2] ?? 0);
  const address = (match?.[3] ?? '').replace(/^\[(.*)\]$/, '$1');
  const url = URL.parse(`http://${match?.[1] ?? ''}/`);
  if (url === null || port < 1 || port > 65_535 || isIP(address) === 0) return undefined;
  return { hostname: url.hostname, port, address };
}
