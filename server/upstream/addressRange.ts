import ipaddr from 'ipaddr.js';

/**
 * Why an address is not a public one, in a fixed phrase; null for a public unicast address.
 *
 * Sources: the IANA IPv4 and IPv6 special-purpose address registries (RFC 6890), 2000::/3 as the only unicast
 * space handed out (RFC 4291), Azure's wire server 168.63.129.16.
 *
 * **Security**: an address that wraps an IPv4 one is refused whatever it wraps: where it leads depends on
 * translators that cannot be seen from here.
 */
export function specialRange(address: string): string | null {
  const parsed = ipaddr.parse(address);
  if (parsed.kind() === 'ipv4') {
    return V4_SPECIAL.find(([range]) => contains(range, parsed))?.[1] ?? null;
  }
  if (!contains(V6_UNICAST, parsed)) return 'not global unicast';
  return V6_SPECIAL.find(([range]) => contains(range, parsed))?.[1] ?? null;
}

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** A network such as `10.0.0.0/8`. */
export type Network = readonly [Address, number];

/** Reads a CIDR; null when it is none, or when bits are set beyond the prefix (`10.1.0.0/8` is a slip). */
export function parseNetwork(cidr: string): Network | null {
  if (!ipaddr.isValidCIDR(cidr) || !/^[0-9a-fA-F.:]+\/\d+$/.test(cidr)) return null;
  const [address, prefix] = ipaddr.parseCIDR(cidr);
  if (address.kind() === 'ipv4' && !ipaddr.IPv4.isValidFourPartDecimal(cidr.split('/')[0]!)) return null;
  const first =
    address.kind() === 'ipv4'
      ? ipaddr.IPv4.networkAddressFromCIDR(cidr)
      : ipaddr.IPv6.networkAddressFromCIDR(cidr);
  return first.toNormalizedString() === address.toNormalizedString() ? [address, prefix] : null;
}

export function contains(network: Network, address: string | Address): boolean {
  const parsed = typeof address === 'string' ? ipaddr.parse(address) : address;
  return parsed.kind() === network[0].kind() && parsed.match(network as [Address, number]);
}

/** One spelling for every address, without a zone, so that two can be compared as strings. */
export function normaliseAddress(address: string): string {
  return ipaddr.parse(address.replace(/%.*$/, '')).toString();
}

/** The IPv4 address that a system connects to for a mapped one (`::ffff:127.0.0.1`); every other as it is. */
export function unmappedAddress(address: string): string {
  const parsed = ipaddr.parse(address);
  const mapped = parsed.kind() === 'ipv6' && (parsed as ipaddr.IPv6).isIPv4MappedAddress();
  return mapped ? (parsed as ipaddr.IPv6).toIPv4Address().toString() : address;
}

const V4_SPECIAL = ranges({
  '0.0.0.0/8': 'this network',
  '10.0.0.0/8': 'private',
  '100.64.0.0/10': 'shared (carrier-grade NAT)',
  '127.0.0.0/8': 'loopback',
  '168.63.129.16/32': 'cloud platform',
  '169.254.0.0/16': 'link-local',
  '172.16.0.0/12': 'private',
  '192.0.0.0/24': 'protocol assignments',
  '192.0.2.0/24': 'documentation',
  '192.31.196.0/24': 'AS112',
  '192.52.193.0/24': 'AMT',
  '192.88.99.0/24': '6to4 relay',
  '192.168.0.0/16': 'private',
  '192.175.48.0/24': 'AS112',
  '198.18.0.0/15': 'benchmarking',
  '198.51.100.0/24': 'documentation',
  '203.0.113.0/24': 'documentation',
  '224.0.0.0/4': 'multicast',
  '240.0.0.0/4': 'reserved',
});

const V6_UNICAST: Network = ipaddr.parseCIDR('2000::/3');

const V6_SPECIAL = ranges({
  '2001::/23': 'protocol assignments (Teredo, ORCHID)',
  '2001:db8::/32': 'documentation',
  '2002::/16': '6to4',
  '2620:4f:8000::/48': 'AS112',
  '3fff::/20': 'documentation',
});

function ranges(reasons: Record<string, string>): readonly (readonly [Network, string])[] {
  return Object.entries(reasons).map(([cidr, reason]) => [ipaddr.parseCIDR(cidr), reason]);
}
