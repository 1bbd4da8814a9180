import { getCACertificates } from 'node:tls';
import { Turn } from '../../http1/turn.ts';
import { type Transport, TransportError, type UpstreamRequest } from '../transport.ts';
import { DeadlineTimer } from './deadlineTimer.ts';
import { Http1Exchange } from './http1Exchange.ts';
import { OriginPool } from './originPool.ts';
import { type TransportClock, turnClock } from './transportClock.ts';

export interface Http1TransportOptions {
  /** PEM certificates of authorities to trust beside the built-in ones. Default: none. */
  ca?: string;
  /** Connections to one origin at one address, busy ones included. Default 10,000; each stream holds one. */
  maxConnectionsPerOrigin?: number;
  /** Free connections kept to one origin at one address. Default 256; 0 keeps none. */
  maxIdlePerOrigin?: number;
  /**
   * Milliseconds that a free connection is kept; an upstream's `Keep-Alive: timeout` shortens it. Default
   * 15,000. 0 keeps none.
   */
  idleTimeout?: number;
  /** Requests that may wait for a connection to one origin; one more is `overloaded`. Default 1,000. */
  maxWaiting?: number;
  /** Milliseconds that a request waits for a connection before it is `overloaded`. Default 5,000. */
  queueTimeout?: number;
  /** Whose reads and writes are done together with this transport's. Default: nobody's. */
  turn?: Turn;
  /** Default: the turn's clock and the system's timers. */
  clock?: TransportClock;
}

const DEFAULTS = {
  maxConnectionsPerOrigin: 10_000,
  maxIdlePerOrigin: 256,
  idleTimeout: 15_000,
  maxWaiting: 1_000,
  queueTimeout: 5_000,
} as const satisfies Http1TransportOptions;

/**
 * The upstream's side as a pooled HTTP/1.1 client (RFC 9112) on plain sockets.
 *
 * **Security**: connects to the checked address and nowhere else, over TLS only to a server whose certificate
 * is trusted and names `hostname`; pools by scheme, name, port and address; follows no redirect and no proxy,
 * decodes no body, logs nothing. What is malformed is refused, never guessed. One limit: a body that ends with
 * the connection (`framing` is `close`) is known to be cut when the connection is reset, but not when an
 * attacker on the way forges its orderly end: over TLS, Bun does not tell whether the upstream announced it.
 *
 * @example
 * const transport = createHttp1Transport({ ca: await Bun.file('internal-ca.pem').text() });
 * const answer = await transport.send(request, signal);
 */
export function createHttp1Transport(options: Http1TransportOptions = {}): Transport {
  const { turn = new Turn() } = options;
  const settings = { clock: turnClock(turn), ...DEFAULTS, ...options };
  const ca = options.ca === undefined ? undefined : trustedBeside(options.ca);
  const { clock } = settings;
  const timer = new DeadlineTimer(clock);
  const pools = new Map<string, OriginPool>();
  let last: OriginPool | null = null;
  let closed = false;

  return {
    name: 'http1',

    // Not async: a promise around a promise costs every answer three microtasks.
    send(request, signal) {
      try {
        if (closed) throw new TransportError('overloaded', 'pool: closed', { sent: false });
        return new Http1Exchange(request, signal, poolOf(request)).run();
      } catch (error) {
        return Promise.reject(error);
      }
    },

    connections: {
      get active() {
        return sum(pools, 'active');
      },
      get idle() {
        return sum(pools, 'idle');
      },
    },

    close() {
      closed = true;
      for (const pool of pools.values()) pool.close();
    },
  };

  /** Mostly the one that was used last: its text need not be put together and looked up. */
  function poolOf(request: UpstreamRequest): OriginPool {
    if (last?.isFor(request) !== true) last = findPool(request);
    return last;
  }

  function findPool({ scheme, hostname, port, address }: UpstreamRequest): OriginPool {
    const key = `${scheme}://${hostname}:${port} ${address}`;
    const known = pools.get(key);
    if (known !== undefined) return known;
    if (pools.size >= MAX_UNUSED_POOLS) dropUnused(pools);
    const pool = new OriginPool(
      { scheme, hostname, port, address },
      {
        ca,
        clock,
        timer,
        turn,
        maxConnections: settings.maxConnectionsPerOrigin,
        maxIdle: settings.maxIdlePerOrigin,
        idleTimeout: settings.idleTimeout,
        maxWaiting: settings.maxWaiting,
        queueTimeout: settings.queueTimeout,
      },
    );
    pools.set(key, pool);
    return pool;
  }
}

/** An unused pool holds a TLS session worth keeping, but the addresses of a name may change without end. */
const MAX_UNUSED_POOLS = 1_000;

/** Bun trusts what is named instead of its own authorities; one text of all costs no more per connection. */
function trustedBeside(ca: string): string {
  return [...getCACertificates('default'), ca].join('\n');
}

function dropUnused(pools: Map<string, OriginPool>): void {
  for (const [key, pool] of pools) if (pool.isEmpty) pools.delete(key);
}

function sum(pools: Map<string, OriginPool>, what: 'active' | 'idle'): number {
  let total = 0;
  for (const pool of pools.values()) total += pool[what];
  return total;
}
