import { Refusal } from '../../../signing/refusal.ts';
import {
  type BodyLimits,
  type ClientBody,
  type ClientRequest,
  type ReadLimits,
  UNKNOWN_PEER,
} from '../../clientRequest.ts';
import { bodyTimedOut, bodyTooLarge } from '../../requestBody.ts';
import { startTimer } from '../../startTimer.ts';
import type { RequestBody } from '../../transport/transport.ts';
import { isHost } from '../host.ts';

/**
 * What is used of the `Bun.serve` that received a request. Written out, so that the package's types are whole
 * where Bun's are not installed.
 */
export interface ReceivingServer {
  timeout(request: Request, seconds: number): void;
  requestIP(request: Request): { readonly address: string } | null;
}

/**
 * What `Bun.serve` has received, as a gateway reads it, once what no two servers read alike has been refused.
 *
 * **Security**: a GET or HEAD with a body is one request to us and could be two to another server; a missing,
 * doubled or malformed Host leaves open who was asked (RFC 9112, section 3.2).
 *
 * @throws {Refusal} `bad_request`, `url_too_long`
 */
export function readBunRequest(
  request: Request,
  { server, maxUrlLength }: { server: ReceivingServer; maxUrlLength: number },
): ClientRequest {
  const { url, method, headers } = request;
  const host = headers.get('host');
  if (host === null || !isHost(host)) {
    throw new Refusal('bad_request', 'the Host header is missing or malformed');
  }
  if ((method === 'GET' || method === 'HEAD') && hasBody(headers)) {
    throw new Refusal('bad_request', `a ${method} request must not have a body`);
  }
  if (url.length > maxUrlLength) {
    throw new Refusal('url_too_long', `the URL must not be over ${maxUrlLength} characters`);
  }
  const pathAt = url.indexOf('/', url.indexOf('://') + 3);
  const queryAt = url.indexOf('?', pathAt);
  const pathEnd = queryAt === -1 ? url.length : queryAt;
  return {
    method,
    path: pathAt === -1 ? '' : url.slice(pathAt, pathEnd),
    query: pathAt === -1 || queryAt === -1 ? '' : url.slice(queryAt + 1),
    headers,
    body: new BunBody(request, server),
    // Bun tells no version; over HTTP/1.1 a body has a length or a transfer coding.
    http2: request.body !== null && !headers.has('content-length') && !headers.has('transfer-encoding'),
    get peer() {
      return server.requestIP(request)?.address ?? UNKNOWN_PEER;
    },
    gone: request.signal,
  };
}

class BunBody implements ClientBody {
  readonly declared: number | null;
  taken = 0;
  failure: Refusal | null = null;
  private readonly request: Request;
  private readonly server: ReceivingServer;

  constructor(request: Request, server: ReceivingServer) {
    const length = request.headers.get('content-length');
    this.declared = length === null ? null : Number(length);
    this.request = request;
    this.server = server;
  }

  async read({ bytes, timeout, hold }: ReadLimits): Promise<Uint8Array> {
    this.liftIdleTimeout();
    const { body } = this.request;
    if (this.declared === 0 || body === null) return new Uint8Array(0);
    const { promise: tooLate, reject } = Promise.withResolvers<never>();
    const timer = timeout === 0 ? undefined : startTimer(() => reject(bodyTimedOut(timeout)), timeout);
    const reader = body.getReader();
    const pieces: Uint8Array[] = [];
    try {
      for (;;) {
        const { done, value } = await Promise.race([reader.read(), tooLate]);
        if (done) return Buffer.concat(pieces);
        this.taken += value.length;
        if (this.taken > bytes) throw bodyTooLarge(bytes);
        hold(value.length);
        pieces.push(value);
      }
    } catch (error) {
      reader.cancel().catch(() => {});
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  forward(limits: BodyLimits): RequestBody {
    this.liftIdleTimeout();
    if (this.declared === 0) return new Uint8Array(0);
    const { body } = this.request;
    return body === null ? null : { stream: this.watched(body, limits), length: this.declared };
  }

  /** Bun's own timeout would cut a silent stream, and an upload even while its bytes arrive. */
  private liftIdleTimeout(): void {
    this.server.timeout(this.request, 0);
  }

  private watched(
    body: ReadableStream<Uint8Array>,
    { bytes, timeout }: BodyLimits,
  ): ReadableStream<Uint8Array> {
    const reader = body.getReader();
    const next = async () => {
      const { promise: tooLate, reject } = Promise.withResolvers<never>();
      const timer = timeout === 0 ? undefined : startTimer(() => reject(bodyTimedOut(timeout)), timeout);
      try {
        return await Promise.race([reader.read(), tooLate]);
      } finally {
        clearTimeout(timer);
      }
    };
    return new ReadableStream<Uint8Array>(
      {
        pull: async (controller) => {
          try {
            const { done, value } = await next();
            if (done) return controller.close();
            this.taken += value.length;
            if (this.taken > bytes) throw bodyTooLarge(bytes);
            controller.enqueue(value);
          } catch (error) {
            if (error instanceof Refusal) this.failure = error;
            reader.cancel().catch(() => {});
            controller.error(error);
          }
        },
        cancel: () => reader.cancel(),
      },
      { highWaterMark: 0 },
    );
  }
}

function hasBody(headers: Headers): boolean {
  return headers.has('transfer-encoding') || (headers.get('content-length') ?? '0') !== '0';
}
