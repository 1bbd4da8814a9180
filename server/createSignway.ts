import type { AnswerStream } from './answerStream.ts';
import { type App, type AppRegistry, createAppRegistry } from './apps.ts';
import type { ExchangeRecord } from './exchange.ts';
import { createBunFetch, listenBun, type Tls } from './front/bun/bunFront.ts';
import type { ReceivingServer } from './front/bun/bunRequest.ts';
import { listenTls, type TlsFront } from './front/bun/tlsFront.ts';
import type { Front } from './front/front.ts';
import { listenHttp1 } from './front/http1/http1Front.ts';
import { createHandler, type Handler } from './handler.ts';
import { type CorsOptions, createCors } from './headers/cors.ts';
import { createHooks, type Hooks } from './hooks/hooks.ts';
import { Turn } from './http1/turn.ts';
import { createLimiter, type Revocable } from './limiting/limiter.ts';
import { type Limits, limitsWith } from './limits.ts';
import { mountAt } from './mount.ts';
import { createClientAddress } from './occupancy/clientAddress.ts';
import { createOccupancy } from './occupancy/occupancy.ts';
import { startTimer } from './startTimer.ts';
import { createMemoryStore } from './stores/memoryStore.ts';
import type { Store } from './stores/store.ts';
import { createHttp1Transport } from './transport/http1/http1Transport.ts';
import type { Transport } from './transport/transport.ts';
import { createUpstreamNetwork, type NetworkOptions, type UpstreamNetwork } from './upstream/network.ts';
import { tryingNextAddress } from './upstream/nextAddress.ts';

export interface SignwayOptions extends Hooks {
  /** The apps themselves, or a registry that looks them up. */
  apps: readonly App[] | AppRegistry;
  /**
   * The path that the gateway is mounted under, such as `/gw`: it answers there, and grants are `/gw/s/<token>/`;
   * health stays at the root. Default: `/`.
   */
  basePath?: string;
  /** Default: any origin may read, without credentials. */
  cors?: CorsOptions;
  /** Which addresses upstreams may have. Default: public ones. */
  network?: NetworkOptions;
  /** Default: {@link DEFAULT_LIMITS}, field by field. */
  limits?: Partial<Limits>;
  /** How upstreams are called. Default: the gateway's own, which trusts the system's authorities and `upstreamCa`. */
  transport?: Transport;
  /** PEM certificates of authorities trusted for upstreams, beside the system's. Default: none. */
  upstreamCa?: string;
  /**
   * Networks of the proxies in front, as CIDR, whose `X-Forwarded-For` says who the client is. Default: none; then
   * the header is never read.
   */
  trustProxies?: readonly string[];
  /**
   * Told of every exchange once, when it has ended. Default: nobody. What it throws is an uncaught exception of the
   * process, and changes nothing for the client.
   */
  onExchange?(record: ExchangeRecord): void;
  /**
   * Where uses of nonces, limits and revocations are counted; whoever made it closes it. Default: this process's
   * memory, which a second process does not see.
   */
  store?: Store;
  /** Milliseconds since the epoch. Default: the system's. */
  clock?(): number;
}

export interface ServeOptions {
  /** Default: 3000; 0 takes a free one. */
  port?: number;
  /** Default: every address. */
  hostname?: string;
  /** What reads requests and writes answers. Default: `http1`, the gateway's own; `bun` is `Bun.serve`. */
  front?: 'http1' | 'bun';
  /** Listens for TLS, with HTTP/2 and HTTP/1.1, by `Bun.serve` whatever `front` says. Default: plain HTTP/1.1. */
  tls?: Tls;
  /** Whether other processes may listen on the same port, each getting its share of connections. Default: false. */
  reusePort?: boolean;
}

export interface Signway {
  /** Answers one request; never rejects. `server` is the Bun.serve that received it. */
  fetch(request: Request, server: ReceivingServer): Response | Promise<Response>;
  /** Listens. */
  serve(options?: ServeOptions): RunningSignway;
  /**
   * Takes other apps and rules for the requests that come from now on, all or nothing. Running exchanges keep those
   * they began with; a secret that is not there any more verifies nothing.
   *
   * @throws {TypeError} as {@link createSignway} does; then everything stays as it was
   */
  update(rules: SignwayRules): void;
  /**
   * Cuts a subject or a nonce of an app off, on every gateway that shares the store: its requests are refused with
   * `revoked`, and its running answers are ended. On the other gateways that takes half a second at most.
   * `lifetime` is in milliseconds; default: a year.
   *
   * @throws {StoreUnavailable} when the store cannot be asked
   */
  revoke(what: Revocable, options?: { lifetime?: number }): Promise<void>;
  /** Takes a revocation back. */
  restore(what: Revocable): Promise<void>;
}

/**
 * What a running gateway can be given anew. Of the limits, `maxUrlLength`, `maxHeaderBytes`, `headerTimeout`,
 * `keepAliveTimeout` and `sendTimeout` stay those it began to listen with.
 */
export type SignwayRules = Pick<SignwayOptions, 'apps' | 'cors' | 'network' | 'limits'>;

/** How full a gateway is, at this moment. */
export interface Gauges {
  /** Exchanges that have not ended. */
  readonly requests: number;
  /** Bytes of requests' bodies held in memory. */
  readonly heldBytes: number;
  /** Clients that are counted, where they are limited. */
  readonly clients: number;
  /** Connections to upstreams. */
  readonly upstream: Transport['connections'];
}

export interface RunningSignway {
  readonly gauges: Gauges;
  readonly url: URL;
  readonly port: number;
  /**
   * Stops accepting, lets running exchanges end for up to `drain` milliseconds (default 30000), breaks off the
   * rest. Resolves with how many were broken off. A second call with a shorter drain hastens the end.
   */
  stop(options?: { drain?: number }): Promise<{ brokenOff: number }>;
  /**
   * Takes another certificate for the connections that come from now on; running exchanges go on.
   *
   * @throws what OpenSSL says of a certificate or key that cannot be used, and then keeps the old one;
   * {@link TypeError} where it does not listen for TLS
   */
  renewTls(tls: Tls): void;
}

/**
 * Makes a gateway: verifies signed URLs, adds the app's headers, streams the upstream's answers.
 *
 * @throws {TypeError} when the base path, a limit, an app's upstream, a network or a pinned name cannot be read
 * @example
 * const gateway = createSignway({
 *   apps: [
 *     {
 *       id: 'my-id',
 *       secrets: [process.env.SW_SECRET],
 *       upstreams: [{ origin: 'https://api.openai.com', headers: [['Authorization', `Bearer ${key}`]] }],
 *     },
 *   ],
 * });
 * gateway.serve({ port: 3000 });
 */
export function createSignway(options: SignwayOptions): Signway {
  const limits = limitsWith(options.limits);
  const streams = new Set<AnswerStream>();
  const turn = new Turn();
  const transport =
    options.transport ??
    createHttp1Transport({ turn, ...(options.upstreamCa === undefined ? {} : { ca: options.upstreamCa }) });
  const mount = mountAt(options.basePath);
  const occupancy = createOccupancy();
  let stopping = false;
  let breakingOff = false;

  const clientAddress = createClientAddress(options.trustProxies ?? []);
  const limiter = createLimiter({ store: options.store ?? createMemoryStore() });
  const hooks = createHooks(options);
  const ports: number[] = [];
  let current = handlerOf(options);
  const handler: Handler = {
    handle: (request, receiver) => current.handle(request, receiver),
    refuse: (refusal, method) => current.refuse(refusal, method),
  };

  const gauges: Gauges = {
    get requests() {
      return occupancy.requests;
    },
    get heldBytes() {
      return occupancy.heldBytes;
    },
    get clients() {
      return occupancy.clients;
    },
    upstream: transport.connections,
  };

  return {
    fetch: createBunFetch(handler, limits),
    update(rules) {
      current = handlerOf(rules);
    },
    revoke: (what, { lifetime = A_YEAR_MS } = {}) => limiter.revoke(what, lifetime),
    restore: (what) => limiter.restore(what),
    serve: ({ port = 3000, hostname, front: choice = 'http1', tls, reusePort = false } = {}) => {
      const listening = { handler, limits, port, hostname, reusePort };
      const secured: TlsFront | null = tls === undefined ? null : listenTls({ ...listening, tls });
      const front: Front =
        secured ?? (choice === 'bun' ? listenBun(listening) : listenHttp1({ ...listening, turn }));
      ports.push(front.port);
      current.network.refuseListener(front.port);
      return { url: front.url, port: front.port, gauges, stop, renewTls };

      async function stop({ drain = DEFAULT_DRAIN_MS } = {}): Promise<{ brokenOff: number }> {
        stopping = true;
        const drained = front.drain().then(() => true);
        const { promise: tooLate, resolve } = Promise.withResolvers<boolean>();
        const timer = startTimer(() => resolve(false), drain);
        const done = await Promise.race([drained, tooLate]);
        clearTimeout(timer);
        const brokenOff = done ? 0 : occupancy.requests;
        if (!done) {
          breakingOff = true;
          for (const stream of [...streams]) stream.breakOff('shutting_down', 'the gateway is shutting down');
          // What the last events need to reach their sockets before these are closed.
          await Bun.sleep(LAST_WORDS_MS);
          await front.destroy();
        }
        transport.close();
        await limiter.close();
        return { brokenOff };
      }

      function renewTls(renewed: Tls): void {
        if (secured === null) throw new TypeError('this gateway does not listen for TLS');
        secured.renew(renewed);
      }
    },
  };

  function tell(record: ExchangeRecord): void {
    try {
      options.onExchange?.(record);
    } catch (error) {
      queueMicrotask(() => {
        throw error;
      });
    }
  }

  function handlerOf(rules: SignwayRules): Handler & { network: UpstreamNetwork } {
    const network = createUpstreamNetwork(rules.network, turn.now);
    for (const port of ports) network.refuseListener(port);
    const made = createHandler({
      apps: isList(rules.apps) ? createAppRegistry(rules.apps) : rules.apps,
      mount,
      cors: createCors(rules.cors),
      network,
      transport: tryingNextAddress(transport, network),
      limits: limitsWith(rules.limits),
      limiter,
      occupancy,
      clientAddress,
      streams,
      hooks,
      stopping: () => stopping,
      breakingOff: () => breakingOff,
      clock: options.clock ?? turn.wallClock,
      now: turn.now,
      onExchange: tell,
    });
    return { ...made, network };
  }
}

function isList(apps: SignwayOptions['apps']): apps is readonly App[] {
  return Array.isArray(apps);
}

const A_YEAR_MS = 365 * 86_400_000;
const DEFAULT_DRAIN_MS = 30_000;
const LAST_WORDS_MS = 250;
