import { checkAmount } from './checkAmount.ts';

/** All limits of the gateway. Times are in milliseconds, sizes in bytes; 0 switches a time limit off. */
export interface Limits {
  /** Longest `X-Sw-Expires` accepted, in seconds. `expiry_too_long` */
  readonly maxExpiry: number;
  /** How far `X-Sw-Date` may lie ahead, in seconds. `not_yet_valid` */
  readonly clockSkew: number;
  /** Longest URL, in characters. `url_too_long` */
  readonly maxUrlLength: number;
  /** Largest signed body, which is held in memory until it is verified. `body_too_large` */
  readonly maxSignedBody: number;
  /** Largest body that is streamed through. `body_too_large` */
  readonly maxBody: number;
  /** Largest header section, in bytes, without the request line. `headers_too_large` */
  readonly maxHeaderBytes: number;
  /** Requests that are answered at the same time, event streams among them; 0: any. `overloaded` */
  readonly maxRequests: number;
  /**
   * The same for one client address, or one /64 of IPv6; 0: any. Behind a proxy that is not trusted all clients are
   * one. `too_many_streams`
   */
  readonly maxRequestsPerClient: number;
  /** Bytes of bodies held in memory until they are verified and sent, all requests together; 0: any. `overloaded` */
  readonly maxHeldBytes: number;
  /** From a request's first byte to the end of its head. `request_timeout` */
  readonly headerTimeout: number;
  /** To receive a signed body. `request_timeout` */
  readonly bodyTimeout: number;
  /** Silence in a body that is streamed through. `request_timeout` */
  readonly bodySilenceTimeout: number;
  /** Between two requests on one connection, which is then closed. */
  readonly keepAliveTimeout: number;
  /** While a client takes nothing of what waits for it. The answer breaks off. */
  readonly sendTimeout: number;
  /** To connect to the upstream, TLS included. `upstream_timeout` */
  readonly connectTimeout: number;
  /** From the request being sent to the head of the upstream's answer. `upstream_timeout` */
  readonly headTimeout: number;
  /** Silence in the body of an answer that is no event stream. The answer breaks off. */
  readonly silenceTimeout: number;
  /** Silence in an event stream. The answer breaks off. */
  readonly eventStreamSilenceTimeout: number;
  /** A whole exchange. `upstream_timeout` before the head; later the answer breaks off. */
  readonly totalTimeout: number;
}

export const DEFAULT_LIMITS = {
  maxExpiry: 604_800,
  clockSkew: 300,
  maxUrlLength: 12_288,
  maxSignedBody: 10 * 1024 * 1024,
  maxBody: 128 * 1024 * 1024,
  maxHeaderBytes: 16_384,
  maxRequests: 10_000,
  maxRequestsPerClient: 0,
  maxHeldBytes: 256 * 1024 * 1024,
  headerTimeout: 15_000,
  bodyTimeout: 60_000,
  bodySilenceTimeout: 60_000,
  keepAliveTimeout: 75_000,
  sendTimeout: 60_000,
  connectTimeout: 10_000,
  headTimeout: 600_000,
  silenceTimeout: 300_000,
  eventStreamSilenceTimeout: 0,
  totalTimeout: 0,
} as const satisfies Limits;

/**
 * The limits that are given, and the defaults of the others.
 *
 * @throws {TypeError} for one that is no number from 0
 */
export function limitsWith(given: Partial<Limits> = {}): Limits {
  const set = Object.entries(given).filter(([, limit]) => limit !== undefined);
  for (const [name, limit] of set) checkAmount(`limits.${name}`, limit);
  return { ...DEFAULT_LIMITS, ...Object.fromEntries(set) };
}
