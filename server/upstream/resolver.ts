import { lookup } from 'node:dns/promises';

/** All addresses of a name, the one to try first in front; empty when it has none. */
export type Resolver = (hostname: string) => Promise<readonly string[]>;

/**
 * The system's resolver, hosts file included. IPv4 comes first: one address is tried, and IPv4 is what every
 * network routes. A resolver that does not answer within `timeout` milliseconds has no address.
 */
export function createSystemResolver({ timeout = 5000 } = {}): Resolver {
  return async (hostname) => {
    const { promise: tooLate, resolve } = Promise.withResolvers<readonly string[]>();
    const timer = setTimeout(resolve, timeout, []);
    const found = lookup(hostname, { all: true, order: 'ipv4first' }).then(
      (all) => all.map(({ address }) => address),
      () => [],
    );
    try {
      return await Promise.race([found, tooLate]);
    } finally {
      clearTimeout(timer);
    }
  };
}
