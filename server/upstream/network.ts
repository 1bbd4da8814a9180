import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { Refusal } from '../../signing/refusal.ts';
import { contains, type Network, normaliseAddress, parseNetwork, specialRange } from './addressRange.ts';
import { createSystemResolver, type Resolver } from './resolver.ts';

/** Which addresses upstreams may have. */
export interface NetworkOptions {
  /** Networks opened although they are not public, as CIDR: `10.0.0.0/8`, `fd00::/8`. Default: none. */
  allowNetworks?: readonly string[];
  /** Names pinned by hand; exempt, for exactly this host and port, from the rule on addresses. Default: none. */
  resolve?: readonly PinnedName[];
  /** Default: the system's. */
  resolver?: Resolver;
  /** For how long a name's checked address is used again, in milliseconds. Default: 5000. */
  ttl?: number;
}

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
  authorise(url: URL): string | Promise<string>;
  /** Names a port that the gateway itself listens on: it stays refused, whatever is opened. */
  refuseListener(port: number): void;
}

/**
 * **Security**: the rule runs on what the resolver gives, and the connection is made to exactly that, so a
 * name that resolves differently a moment later (DNS rebinding) gains nothing. A name with one good and one
 * bad address is refused.
 *
 * @throws {TypeError} for a network or an address that cannot be read
 */
export function createUpstreamNetwork(options: NetworkOptions = {}): UpstreamNetwork {
  const opened = (options.allowNetworks ?? []).map(readNetwork);
  const pinned = new Map((options.resolve ?? []).map((name) => [pinKey(name), readAddress(name)]));
  const resolve = options.resolver ?? createSystemResolver();
  const ttl = options.ttl ?? 5000;
  const listeners = new Set<number>();
  const verdicts = new Map<string, Verdict>();

  return {
    authorise(url) {
      const key = `${url.hostname}:${portOf(url)}`;
      const known = verdicts.get(key);
      if (known !== undefined && known.until > performance.now()) return known.address;
      verdicts.delete(key);
      // The oldest entry is the first one: a Map keeps the order of insertion.
      if (verdicts.size >= MAX_VERDICTS) verdicts.delete(verdicts.keys().next().value!);
      const address = judge(url);
      const verdict: Verdict = { until: performance.now() + ttl, address };
      verdicts.set(key, verdict);
      return address.then((allowed) => {
        verdict.address = allowed;
        return allowed;
      });
    },
    refuseListener: (port) => void listeners.add(port),
  };

  async function judge(url: URL): Promise<string> {
    const port = portOf(url);
    const hostname = unbracketed(url.hostname);
    const own = ownAddresses();
    const refuseOwnListener = (address: string) => {
      if (listeners.has(port) && (own.has(address) || isLocal(address))) throw notAllowed('own listener');
    };

    const pin = pinned.get(pinKey({ hostname, port }));
    if (pin !== undefined) {
      refuseOwnListener(pin);
      return pin;
    }
    const literal = isIP(hostname) !== 0;
    const addresses = (literal ? [hostname] : await resolve(hostname)).map(normaliseAddress);
    for (const address of addresses) {
      refuseOwnListener(address);
      if (opened.some((network) => contains(network, address))) continue;
      const reason = specialRange(address) ?? (own.has(address) ? 'own address' : null);
      if (reason !== null) throw notAllowed(reason);
      if (!literal && isInternalName(hostname)) throw notAllowed('internal name');
    }
    if (addresses[0] !== undefined) return addresses[0];
    if (isInternalName(hostname)) throw notAllowed('internal name');
    throw new Refusal('upstream_unreachable', 'the upstream cannot be reached', { cause: 'dns: no address' });
  }
}

/** The port of a URL, the scheme's own where it names none. */
export function portOf(url: URL): number {
  return url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
}

interface Verdict {
  readonly until: number;
  /** The promise while it is being found out, and for good when the host is refused. */
  address: string | Promise<string>;
}

const MAX_VERDICTS = 1000;

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
