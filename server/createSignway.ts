import type { Server } from 'bun';
import type { StreamedAnswer } from './answer.ts';
import { type App, type AppRegistry, createAppRegistry } from './apps.ts';
import type { ExchangeRecord } from './exchange.ts';
import { createHandler } from './handler.ts';
import { type CorsOptions, createCors } from './headers/cors.ts';
import { healthResponse } from './health.ts';
import { DEFAULT_LIMITS, type Limits } from './limits.ts';
import { createHttp1Transport } from './transport/http1/http1Transport.ts';
import type { Transport } from './transport/transport.ts';
import { createUpstreamNetwork, type NetworkOptions } from './upstream/network.ts';

export interface SignwayOptions {
  /** The apps themselves, or a registry that looks them up. */
  apps: readonly App[] | AppRegistry;
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
  /** Told of every exchange once, when it has ended. Default: nobody. */
  onExchange?(record: ExchangeRecord): void;
  /** Milliseconds since the epoch. Default: `Date.now`. */
  clock?(): number;
}

export interface ServeOptions {
  /** Default: 3000; 0 takes a free one. */
  port?: number;
  /** Default: every address. */
  hostname?: string;
}

export interface Signway {
  /** Answers one request; never rejects. `server` is the Bun.serve that received it. */
  fetch(request: Request, server: Server<undefined>): Response | Promise<Response>;
  /** Listens. */
  serve(options?: ServeOptions): RunningSignway;
}

export interface RunningSignway {
  readonly url: URL;
  readonly port: number;
  /**
   * Stops accepting, lets running exchanges end for up to `drain` milliseconds (default 30000), breaks off the
   * rest. Resolves with how many were broken off. A second call with a shorter drain hastens the end.
   */
  stop(options?: { drain?: number }): Promise<{ brokenOff: number }>;
}

/**
 * Makes a gateway: verifies signed URLs, adds the app's headers, streams the upstream's answers.
 *
 * @throws {TypeError} when an app's upstream, a network or a pinned name cannot be read
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
  const apps = isList(options.apps) ? createAppRegistry(options.apps) : options.apps;
  const network = createUpstreamNetwork(options.network);
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const streams = new Set<StreamedAnswer>();
  const transport =
    options.transport ??
    createHttp1Transport(options.upstreamCa === undefined ? {} : { ca: options.upstreamCa });
  let stopping = false;
  let open = 0;

  const handle = createHandler({
    apps,
    cors: createCors(options.cors),
    network,
    transport,
    limits,
    streams,
    stopping: () => stopping,
    clock: options.clock ?? Date.now,
    onOpen: () => void open++,
    onExchange(record) {
      open--;
      options.onExchange?.(record);
    },
  });

  return {
    fetch: handle,
    serve: ({ port = 3000, hostname } = {}) => {
      const server = Bun.serve({
        port,
        ...(hostname === undefined ? {} : { hostname }),
        development: false,
        // `development: false` alone lets a second process take the same port without a word (Bun 1.4.5).
        reusePort: false,
        idleTimeout: IDLE_TIMEOUT_SECONDS,
        // Declared lengths are refused by the handler with a code; this cuts off what comes in chunks.
        maxRequestBodySize: limits.maxBody + 1,
        fetch(request, self) {
          const path = request.url.slice(request.url.indexOf('/', 8));
          return healthResponse(path, { stopping }) ?? handle(request, self);
        },
        error: () => new Response(null, { status: 500 }),
      });
      network.refuseListener(server.port!);
      return { url: server.url, port: server.port!, stop };

      async function stop({ drain = DEFAULT_DRAIN_MS } = {}): Promise<{ brokenOff: number }> {
        stopping = true;
        const drained = server.stop().then(() => true);
        const { promise: tooLate, resolve } = Promise.withResolvers<boolean>();
        const timer = setTimeout(resolve, drain, false);
        const done = await Promise.race([drained, tooLate]);
        clearTimeout(timer);
        const brokenOff = done ? 0 : open;
        if (!done) {
          for (const stream of [...streams]) stream.breakOff('shutting_down', 'the gateway is shutting down');
          // What the last events need to reach their sockets before these are closed.
          await Bun.sleep(LAST_WORDS_MS);
          await server.stop(true);
        }
        transport.close();
        return { brokenOff };
      }
    },
  };
}

function isList(apps: SignwayOptions['apps']): apps is readonly App[] {
  return Array.isArray(apps);
}

const IDLE_TIMEOUT_SECONDS = 30;
const DEFAULT_DRAIN_MS = 30_000;
const LAST_WORDS_MS = 50;
