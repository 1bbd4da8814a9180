import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { Refusal } from '../../signing/refusal.ts';
import type { UpstreamUrl } from '../../signing/upstreamUrl.ts';
import type { UpstreamRequest } from '../transport/transport.ts';
import {
  contains,
  type Network,
  normaliseAddress,
  parseNetwork,
  specialRange,
  unmappedAddress,
} from './addressRange.ts';
import { createSystemResolver, type ResolvedAddress, type Resolver } from './resolver.ts';

/** Which addresses upstreams may have. */
export interface NetworkOptions {
  /** Networks opened although they are not public, as CIDR: `10.0.0.0/8`, `fd00::/8`. Default: none. */
  allowNetworks?: readonly string[];
  /** Names pinned by hand; exempt, for exactly this host and port, from the rule on addresses. Default: none. */
  resolve?: readonly PinnedName[];
  /** Default: the system's. */
  resolver?: Resolver;
  /** For how long what was found out about a name is used again. Default: {@link DEFAULT_CACHE}, field by field. */
  cache?: Partial<NetworkCache>;
}

/** Times in milliseconds. */
export interface NetworkCache {
  /** The least for which a name's checked address is used again, however short its time to live. */
  readonly min: number;
  /** The most, however long it is. */
  readonly max: number;
  /** Where nobody says how long it is good for: literal and pinned addresses, the system's own resolver. */
  readonly untimed: number;
  /** For how long a refused name stays refused, and one that does not resolve is not asked for again. */
  readonly failed: number;
}

export const DEFAULT_CACHE = {
  min: 1000,
  max: 300_000,
  untimed: 5000,
  failed: 2000,
} as const satisfies NetworkCache;

export interface PinnedName {
  readonly hostname: string;
  readonly port: number;
  readonly address: string;
}

/** Finds the address that a request to an upstream goes to. */
export interface UpstreamNetwork {
  /**
   * Resolves the host once, checks every address it has, and returns the one to connect to: at once, where the
   * answer is still good.
   *
   * @throws {Refusal} `upstream_not_allowed`, `upstream_unreachable` for a name that does not resolve
   */
  authorise(url: UpstreamUrl): string | Promise<string>;
  /**
   * The address to try after one that could not be connected to, of those that were checked together; null where
   * there is none, or what was found out is not good any more. From now on it is the first.
   */
  nextAddress(upstream: Pick<UpstreamRequest, 'scheme' | 'hostname' | 'port'>, failed: string): string | null;
  /** Names a port that the gateway itself listens on: it stays refused, whatever is opened. */
  refuseListener(port: number): void;
}

/**
 * **Security**: the rule runs on what the resolver gives, and the connection is made to exactly that, so a
 * name that resolves differently a moment later (DNS rebinding) gains nothing. A name with one good and one
 * bad address is refused.
 *
 * @param now milliseconds that never go backwards
 * @throws {TypeError} for a network or an address that cannot be read
 */
export function createUpstreamNetwork(
  options: NetworkOptions = {},
  now: () => number = () => performance.now(),
): UpstreamNetwork {
  const opened = (options.allowNetworks ?? []).map(readNetwork);
  const pinned = new Map((options.resolve ?? []).map((name) => [pinKey(name), readAddress(name)]));
  const resolve = options.resolver ?? createSystemResolver();
  const cache = { ...DEFAULT_CACHE, ...options.cache };
  const listeners = new Set<number>();
  const verdicts = new Map<string, Verdict>();

  return {
    authorise(url) {
      const key = url.origin;
      const known = verdicts.get(key);
      return known !== undefined && known.until > now() ? known.address : judgeAnew(key, url);
    },
    nextAddress({ scheme, hostname, port }, failed) {
      const verdict = verdicts.get(new URL(`${scheme}://${hostname}:${port}`).origin);
      if (verdict === undefined || verdict.until <= now()) return null;
      const at = verdict.addresses.indexOf(failed);
      if (at === -1 || verdict.addresses.length < 2) return null;
      const next = verdict.addresses[(at + 1) % verdict.addresses.length]!;
      if (verdict.address === failed) verdict.address = next;
      return next;
    },
    refuseListener(port) {
      listeners.add(port);
      // What was allowed before may now be the gateway itself.
      verdicts.clear();
    },
  };

  function judgeAnew(key: string, url: UpstreamUrl): string | Promise<string> {
    verdicts.delete(key);
    // The oldest entry is the first one: a Map keeps the order of insertion.
    if (verdicts.size >= MAX_VERDICTS) verdicts.delete(verdicts.keys().next().value!);
    const verdict: Verdict = {
      until: Number.POSITIVE_INFINITY,
      address: judge(url).then(allow, refuse),
      addresses: [],
    };
    verdicts.set(key, verdict);
    return verdict.address;

    function allow({ addresses, ttl }: Allowed): string {
      const address = addresses[0]!;
      verdict.address = address;
      verdict.addresses = addresses;
      const time = ttl === undefined ? cache.untimed : Math.max(cache.min, Math.min(cache.max, ttl * 1000));
      verdict.until = now() + time;
      return address;
    }

    function refuse(error: unknown): never {
      verdict.until = now() + cache.failed;
      throw error;
    }
  }

  async function judge(url: UpstreamUrl): Promise<Allowed> {
    const port = portOf(url);
    const hostname = unbracketed(url.hostname);
    const own = ownAddresses();
    const refuseOwnListener = (wrapped: string) => {
      const address = unmappedAddress(wrapped);
      if (listeners.has(port) && (own.has(address) || isLocal(address))) throw notAllowed('own listener');
    };

    const pin = pinned.get(pinKey({ hostname, port }));
    if (pin !== undefined) {
      refuseOwnListener(pin);
      return { addresses: [pin], ttl: undefined };
    }
    const literal = isIP(hostname) !== 0;
    // Where no network is opened, nobody needs to be asked.
    if (opened.length === 0 && isInternalName(hostname)) throw notAllowed('internal name');
    const found = (literal ? [hostname] : await resolve(hostname).catch(() => [])).map(timed);
    for (const { address } of found) {
      refuseOwnListener(address);
      if (opened.some((network) => contains(network, address))) continue;
      const reason = specialRange(address) ?? (own.has(address) ? 'own address' : null);
      if (reason !== null) throw notAllowed(reason);
      if (!literal && isInternalName(hostname)) throw notAllowed('internal name');
    }
    // Together they were checked, and together they are good for as long as the first of them to go.
    const ttls = found.flatMap(({ ttl }) => ttl ?? []);
    const ttl = ttls.length === 0 ? undefined : Math.min(...ttls);
    if (found.length > 0) return { addresses: found.map(({ address }) => address), ttl };
    if (isInternalName(hostname)) throw notAllowed('internal name');
    throw new Refusal('upstream_unreachable', 'the upstream cannot be reached', { cause: 'dns: no address' });
  }
}

/** The port of a URL, the scheme's own where it names none. */
export function portOf(url: UpstreamUrl): number {
  return url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
}

interface Allowed {
  /** At least one, the one to try first in front. */
  readonly addresses: readonly string[];
  /** Seconds. */
  readonly ttl: number | undefined;
}

interface Verdict {
  /** Without end while it is being found out, so that a name is asked for once however many want it. */
  until: number;
  /** The promise while it is being found out, and for good when the host is refused. */
  address: string | Promise<string>;
  /** All that were checked, once they are known. */
  addresses: readonly string[];
}

const MAX_VERDICTS = 1000;

function timed(resolved: string | ResolvedAddress): { address: string; ttl: number | undefined } {
  const { address, ttl } = typeof resolved === 'string' ? { address: resolved } : resolved;
  return { address: normaliseAddress(address), ttl };
}

function readNetwork(cidr: string): Network {
  const network = parseNetwork(cidr);
  if (network === null) throw new TypeError(`'${cidr}' is not a network such as 10.0.0.0/8`);
  return network;
}

function readAddress({ address }: PinnedName): string {
  if (isIP(unbracketed(address)) === 0) throw new TypeError(`'${address}' is not an IP address`);
  return normaliseAddress(unbracketed(address));
}

function pinKey({ hostname, port }: Pick<PinnedName, 'hostname' | 'port'>): string {
  return `${unbracketed(hostname).toLowerCase()}:${port}`;
}

function unbracketed(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, '');
}

function ownAddresses(): ReadonlySet<string> {
  const own = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  return new Set(own.map(({ address }) => normaliseAddress(address)));
}

function isLocal(address: string): boolean {
  return (
    ['loopback', 'this network'].includes(specialRange(address) ?? '') ||
    address === '::1' ||
    address === '::'
  );
}

function isInternalName(hostname: string): boolean {
  const name = hostname.replace(/\.$/, '');
  return name === 'localhost' || /\.(?:localhost|internal|local)$/.test(name);
}

function notAllowed(reason: string): Refusal {
  return new Refusal('upstream_not_allowed', 'the upstream is not one this app may call', {
    cause: `address: ${reason}`,
  });
}
