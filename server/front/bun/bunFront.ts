import { Refusal } from '../../../signing/refusal.ts';
import type { ClientAnswer } from '../../clientAnswer.ts';
import type { Handler } from '../../handler.ts';
import type { Limits } from '../../limits.ts';
import type { Front, ListenOptions } from '../front.ts';
import { type ReceivingServer, readBunRequest } from './bunRequest.ts';
import { bunResponse } from './bunResponse.ts';

export type BunFetch = (request: Request, server: ReceivingServer) => Response | Promise<Response>;

export type BunFetchLimits = Pick<Limits, 'maxUrlLength' | 'keepAliveTimeout' | 'sendTimeout'>;

/** Answers the requests of a `Bun.serve`; never rejects. */
export function createBunFetch(handler: Handler, limits: BunFetchLimits): BunFetch {
  const { maxUrlLength, sendTimeout } = limits;
  const idleTimeout = idleSeconds(limits);
  return (request, server) => {
    // Reading a request lifts Bun's own timeout for good, not for that request alone (Bun 1.4.5).
    const sent = () => server.timeout(request, idleTimeout);
    const respond = (answer: ClientAnswer) => bunResponse(answer, { request, sendTimeout, sent });
    try {
      const received = readBunRequest(request, { server, maxUrlLength });
      const { promise, resolve } = Promise.withResolvers<ClientAnswer>();
      handler.handle(received, { answered: resolve });
      return promise.then(respond);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return respond(handler.refuse(error, request.method));
    }
  };
}

/** Whole seconds, up to the 255 that Bun takes. */
function idleSeconds({ keepAliveTimeout }: Pick<Limits, 'keepAliveTimeout'>): number {
  return Math.min(Math.ceil(keepAliveTimeout / 1000), 255);
}

export interface BunFrontOptions extends ListenOptions {
  readonly handler: Handler;
  readonly limits: Limits;
  /** Listens for TLS, with HTTP/2 and HTTP/1.1 by ALPN (RFC 7301). Default: plain HTTP/1.1. */
  readonly tls?: Tls;
}

/** A certificate, with those between it and its authority, and its key, both as PEM. */
export interface Tls {
  readonly cert: string;
  readonly key: string;
}

/**
 * Listens by `Bun.serve`.
 *
 * @throws what the system, or OpenSSL of `tls`, says, with its `code`
 */
export function listenBun({ handler, limits, port, hostname, reusePort, tls }: BunFrontOptions): Front {
  const server = Bun.serve({
    port,
    ...(hostname === undefined ? {} : { hostname }),
    ...(tls === undefined ? {} : { tls: { cert: tls.cert, key: tls.key }, http2: true }),
    // A stranger would get a page of source code otherwise.
    development: false,
    // Without it, `development: false` lets a second process take the same port without a word (Bun 1.4.5).
    reusePort,
    idleTimeout: idleSeconds(limits),
    // Declared lengths are refused by the handler with a code; this cuts off what comes in chunks.
    maxRequestBodySize: limits.maxBody + 1,
    fetch: createBunFetch(handler, limits),
    error: () => new Response(null, { status: 500 }),
  });
  return {
    url: server.url,
    port: server.port!,
    drain: () => server.stop(),
    destroy: () => server.stop(true),
  };
}
