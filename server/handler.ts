import type { Server } from 'bun';
import { checkValidity } from '../signing/checkValidity.ts';
import { parseSignedUrl, type SignedUrl } from '../signing/parseSignedUrl.ts';
import { Refusal } from '../signing/refusal.ts';
import { signedBodyLength } from '../signing/signedBodyLength.ts';
import { checkSignedHeaders, type ReceivedRequest, verifySignature } from '../signing/verifySignature.ts';
import { respond, type StreamedAnswer } from './answer.ts';
import type { App, AppRegistry } from './apps.ts';
import { bunHashes } from './bunHashes.ts';
import { type CompiledApp, createAppCompiler } from './compiledApp.ts';
import { Exchange, type ExchangeRecord } from './exchange.ts';
import { createClientHeaders } from './headers/clientHeaders.ts';
import type { Cors } from './headers/cors.ts';
import { createUpstreamHeaders } from './headers/upstreamHeaders.ts';
import type { Limits } from './limits.ts';
import { problemResponse } from './problem.ts';
import { checkDeclaredLength, readSignedBody, streamedBody } from './requestBody.ts';
import { type Transport, TransportError } from './transport/transport.ts';
import type { UpstreamNetwork } from './upstream/network.ts';
import { upstreamRequest } from './upstream/upstreamRequest.ts';
import { checkRoute, readTarget } from './wire.ts';

/** What a handler works with. */
export interface Gateway {
  readonly apps: AppRegistry;
  readonly cors: Cors;
  readonly network: UpstreamNetwork;
  readonly transport: Transport;
  readonly limits: Limits;
  readonly streams: Set<StreamedAnswer>;
  readonly stopping: () => boolean;
  readonly clock: () => number;
  readonly onOpen: () => void;
  readonly onExchange: (record: ExchangeRecord) => void;
}

export type Handler = (request: Request, server: Server<undefined>) => Promise<Response>;

/**
 * Makes the function that answers a signed request. Its way, in wire order: the wire, the signed URL, the app,
 * the body, the signature, the upstream, the answer (docs/protocol.md, "The order of the checks").
 */
export function createHandler(gateway: Gateway): Handler {
  const { cors, network, transport, limits, streams, clock } = gateway;
  const compileApp = createAppCompiler();
  const upstreamHeaders = createUpstreamHeaders();
  const clientHeaders = createClientHeaders();

  return async (request, server) => {
    const preflight = cors.preflight(request);
    if (preflight !== null) return preflight;
    const exchange = new Exchange(request.method, { time: clock(), onEnd: gateway.onExchange });
    gateway.onOpen();
    try {
      const target = readTarget(request, limits.maxUrlLength);
      if (gateway.stopping()) throw new Refusal('shutting_down', 'the gateway is shutting down');
      checkRoute(request, target);
      const url = parseSignedUrl(target.query);
      checkValidity(url, clock(), limits);
      const found = findApp(url.appId);
      const app = found instanceof Promise ? await found : found;
      cors.check(request);
      const head = receivedHead(request);
      checkSignedHeaders(url, head);
      if (!url.signsBody) checkDeclaredLength(request, limits.maxBody);
      const signedBody = url.signsBody ? await receiveSignedBody(head, { request, server }) : null;
      const verified = verifySignature(
        url,
        { ...head, body: signedBody },
        { signingKeys: app.signingKeys, hashes: bunHashes },
      );
      exchange.app = app.id;
      exchange.upstream = url.upstream.origin;
      refuseExtensions(url);
      const upstream = routeOf(app, url.upstream);
      const allowed = network.authorise(url.upstream);
      const address = typeof allowed === 'string' ? allowed : await allowed;
      // The limits of the upstream's side hold from here on; Bun's own would cut a silent stream.
      server.timeout(request, 0);
      const body = signedBody ?? streamedBody(request);
      exchange.bytesIn = body === null ? 0 : body instanceof Uint8Array ? body.byteLength : body.length;
      const answer = await transport.send(
        upstreamRequest(verified, {
          client: request.headers,
          upstream,
          address,
          body,
          limits,
          upstreamHeaders,
        }),
        request.signal,
      );
      return respond(answer, {
        request,
        upstream: url.upstream,
        secrets: upstream.secrets,
        clientHeaders,
        cors,
        exchange,
        limits,
        streams,
      });
    } catch (error) {
      return answerError(error, { request, exchange });
    }
  };

  /** Without a promise where the registry needs none. */
  function findApp(id: string): CompiledApp | Promise<CompiledApp> {
    const found = gateway.apps.find(id);
    return found instanceof Promise ? found.catch(storeUnavailable).then(knownApp) : knownApp(found);
  }

  function knownApp(app: App | null): CompiledApp {
    if (app !== null) return compileApp(app);
    throw new Refusal('unknown_app', 'no app has this id', {
      headers: { 'WWW-Authenticate': 'SW1-HMAC-SHA256' },
    });
  }

  function receiveSignedBody(
    head: ReceivedHead,
    { request, server }: { request: Request; server: Server<undefined> },
  ): Promise<Uint8Array> {
    const length = signedBodyLength(head);
    checkDeclaredLength(request, limits.maxSignedBody);
    // Bun's idle timeout would cut the upload even while bytes arrive.
    server.timeout(request, 0);
    return readSignedBody(request, { length, limits });
  }

  function answerError(
    error: unknown,
    { request, exchange }: { request: Request; exchange: Exchange },
  ): Response {
    if (request.signal.aborted || (error instanceof TransportError && error.code === 'aborted')) {
      exchange.status = 499;
      exchange.end('client_gone');
      return new Response(null, { status: 499 });
    }
    const refusal = refusalOf(error);
    if (refusal === null) {
      exchange.status = 500;
      exchange.end('refused', { reason: internalReason(error) });
      return new Response(null, { status: 500, headers: { 'X-Sw-Request-Id': exchange.id } });
    }
    exchange.status = refusal.status;
    const reason = typeof refusal.cause === 'string' ? refusal.cause : refusal.message;
    exchange.end('refused', { code: refusal.code, reason });
    return problemResponse(refusal, exchange.id);
  }
}

type ReceivedHead = Omit<ReceivedRequest, 'body'>;

function receivedHead(request: Request): ReceivedHead {
  return { method: request.method, header: (name) => request.headers.get(name) };
}

function refuseExtensions({ extensions }: SignedUrl): void {
  if (extensions.length > 0) {
    throw new Refusal('unknown_parameter', `${extensions.join(' and ')} is not known here`);
  }
}

function routeOf(app: CompiledApp, url: URL) {
  const upstream = app.route(url);
  if (upstream !== undefined) return upstream;
  throw new Refusal('upstream_not_allowed', 'the upstream is not one this app may call', {
    cause: 'origin: not on the list',
  });
}

function storeUnavailable(): never {
  throw new Refusal('store_unavailable', 'the apps cannot be looked up at the moment');
}

function refusalOf(error: unknown): Refusal | null {
  if (error instanceof Refusal) return error;
  if (error instanceof TransportError && error.code !== 'aborted') {
    return new Refusal(error.code, TRANSPORT_DETAILS[error.code], { cause: error.reason });
  }
  return null;
}

/** A defect of the gateway: where it lies, without the message, which could hold what was received. */
function internalReason(error: unknown): string {
  if (!(error instanceof Error)) return 'internal';
  const frames = error.stack?.split('\n').filter((line) => line.trimStart().startsWith('at ')) ?? [];
  return `internal: ${error.name} ${frames.slice(0, 3).join(' ').trim()}`;
}

const TRANSPORT_DETAILS = {
  upstream_unreachable: 'the upstream cannot be reached',
  upstream_invalid_response: 'the upstream sent an invalid answer',
  upstream_timeout: 'the upstream took too long',
  overloaded: 'no connection to the upstream is free',
} as const satisfies Record<Exclude<TransportError['code'], 'aborted'>, string>;
