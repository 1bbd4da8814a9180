import ipaddr from 'ipaddr.js';
import { contains, normaliseAddress, parseNetwork, unmappedAddress } from '../upstream/addressRange.ts';

/** Tells the address of a client from that of its connection and from what proxies in front say. */
export type ClientAddress = (peer: string, forwardedFor: string | null) => string;

/**
 * Reads `X-Forwarded-For` from its end, for as long as the one who added an entry is a trusted proxy.
 *
 * **Security**: anyone can send the header. An entry counts only when the connection, or the entry after it, is an
 * address of a named network; what is no address ends the walk.
 *
 * @param trustedProxies networks as CIDR; none: the header is never read
 * @throws {TypeError} for one that cannot be read
 */
export function createClientAddress(trustedProxies: readonly string[]): ClientAddress {
  const trusted = trustedProxies.map((cidr) => {
    const network = parseNetwork(cidr);
    if (network === null) throw new TypeError(`'${cidr}' is not a network such as 10.0.0.0/8`);
    return network;
  });
  return (peer, forwardedFor) => {
    let client = unmappedAddress(normaliseAddress(peer));
    if (forwardedFor === null) return client;
    for (const entry of forwardedFor.split(',').toReversed()) {
      if (!trusted.some((network) => contains(network, client))) return client;
      const before = readEntry(entry.trim());
      if (before === null) return client;
      client = before;
    }
    return client;
  };
}

/**
 * Those who share it are taken for one client: an IPv4 address, or a /64 of IPv6, which is the least that a network
 * hands to one customer.
 */
export function clientKey(address: string): string {
  const parsed = ipaddr.parse(address);
  if (parsed.kind() === 'ipv4') return address;
  return `${(parsed as ipaddr.IPv6).parts
    .slice(0, 4)
    .map((part) => part.toString(16))
    .join(':')}::/64`;
}

/** Some proxies add the port: `192.0.2.1:1234`, `[2001:db8::1]:1234`. */
function readEntry(entry: string): string | null {
  const address = /^\[([^\]]+)\](?::\d+)?$/.exec(entry)?.[1] ?? /^([\d.]+):\d+$/.exec(entry)?.[1] ?? entry;
  if (!ipaddr.isValid(address)) return null;
  if (!address.includes(':') && !ipaddr.IPv4.isValidFourPartDecimal(address)) return null;
  return unmappedAddress(normaliseAddress(address));
}
