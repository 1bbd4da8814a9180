import { lookup } from 'node:dns/promises';
import { dns } from 'bun';

/** An address of a name. */
export interface ResolvedAddress {
  readonly address: string;
  /** Seconds for which it may be used; undefined where nobody says. */
  readonly ttl?: number;
}

/** All addresses of a name, the one to try first in front; empty when it has none. */
export type Resolver = (hostname: string) => Promise<readonly (string | ResolvedAddress)[]>;

/**
 * The system's name servers, hosts file and search list, asked in a way that tells how long an answer is good
 * for; the system's own resolver only for names that these do not know. IPv4 comes first: one address is tried,
 * and IPv4 is what every network routes. A resolver that does not answer within `timeout` milliseconds has no
 * address.
 */
export function createSystemResolver({ timeout = 5000 } = {}): Resolver {
  return async (hostname) => {
    const { promise: tooLate, resolve } = Promise.withResolvers<readonly ResolvedAddress[]>();
    const timer = setTimeout(resolve, timeout, []);
    try {
      return await Promise.race([find(hostname), tooLate]);
    } finally {
      clearTimeout(timer);
    }
  };
}

async function find(hostname: string): Promise<readonly ResolvedAddress[]> {
  const timed = await dns.lookup(hostname, { backend: 'c-ares' }).catch(() => []);
  if (timed.length > 0) return timed.toSorted((one, other) => one.family - other.family);
  const found = await lookup(hostname, { all: true, order: 'ipv4first' }).catch(() => []);
  return found.map(({ address }) => ({ address }));
}
