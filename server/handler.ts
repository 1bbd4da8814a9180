import { checkValidity } from '../signing/checkValidity.ts';
import { grantedUrl } from '../signing/grantedUrl.ts';
import { parseGrant, refuseScope } from '../signing/parseGrant.ts';
import {
  parseSignedUrl,
  type SignedUrl,
  type ValueMemo,
  type ValueReading,
} from '../signing/parseSignedUrl.ts';
import { Refusal } from '../signing/refusal.ts';
import type { UpstreamUrl } from '../signing/upstreamUrl.ts';
import { checkSignedHeaders, type ReceivedRequest, verifySignature } from '../signing/verifySignature.ts';
import { respond, type StreamedAnswer } from './answer.ts';
import type { App, AppRegistry } from './apps.ts';
import { BoundedMemo } from './boundedMemo.ts';
import { bunHashes } from './bunHashes.ts';
import type { ClientAnswer } from './clientAnswer.ts';
import type { ClientRequest } from './clientRequest.ts';
import { type CompiledApp, createAppCompiler } from './compiledApp.ts';
import { Exchange, type ExchangeRecord } from './exchange.ts';
import { createBodySchemas } from './extensions/bodySchemas.ts';
import { checkMethods, type ExtensionRules, readExtensions } from './extensions/extensions.ts';
import { createClientHeaders } from './headers/clientHeaders.ts';
import type { Cors } from './headers/cors.ts';
import { createUpstreamHeaders } from './headers/upstreamHeaders.ts';
import { healthAnswer } from './health.ts';
import type { Limits } from './limits.ts';
import { problemAnswer } from './problem.ts';
import { checkDeclaredLength, forwardBody, readSignedBody } from './requestBody.ts';
import { routeRequest } from './route.ts';
import { type Transport, TransportError } from './transport/transport.ts';
import type { UpstreamNetwork } from './upstream/network.ts';
import { upstreamRequest } from './upstream/upstreamRequest.ts';

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

export interface Handler {
  /** Answers one request; never rejects. */
  handle(request: ClientRequest): ClientAnswer | Promise<ClientAnswer>;
  /** Answers what a front could not read as a request. */
  refuse(refusal: Refusal, method: string): ClientAnswer;
}

/**
 * Makes the functions that answer requests. The way of a signed one, in wire order: the signed URL, the app, the
 * body, the signature, the upstream, the answer (docs/protocol.md, "The order of the checks").
 */
export function createHandler(gateway: Gateway): Handler {
  const { cors, network, transport, limits, streams, clock } = gateway;
  const compileApp = createAppCompiler();
  const extensionRules: ExtensionRules = {
    required: [],
    schemas: new Map(),
    bodySchemas: createBodySchemas(),
  };
  const values = new BoundedMemo<ValueReading>();
  const upstreamHeaders = createUpstreamHeaders();
  const clientHeaders = createClientHeaders();

  return {
    handle: (request) =>
      healthAnswer(request.path, { stopping: gateway.stopping() }) ??
      cors.preflight(request) ??
      handleSigned(request),
    refuse: (refusal, method) => answerError(refusal, { exchange: begin(method) }),
  };

  async function handleSigned(request: ClientRequest): Promise<ClientAnswer> {
    const exchange = begin(request.method);
    try {
      if (gateway.stopping()) throw new Refusal('shutting_down', 'the gateway is shutting down');
      const grant = routeRequest(request);
      const url = grant === null ? parseUrl(request.query, values) : parseGrant(grant.token, values);
      checkValidity(url, clock(), limits);
      const found = findApp(url.appId);
      const app = found instanceof Promise ? await found : found;
      cors.check(request);
      const head = receivedHead(request);
      checkSignedHeaders(url, head);
      if (!url.signsBody) checkDeclaredLength(request.body, limits.maxBody);
      const signedBody = url.signsBody ? await readSignedBody(request, { head, limits }) : null;
      const verified = verifySignature(
        url,
        { ...head, body: signedBody },
        { signingKeys: app.signingKeys, hashes: bunHashes },
      );
      exchange.app = app.id;
      exchange.upstream = url.upstream.origin;
      checkExtensions(url, { method: request.method, rules: extensionRules });
      const target = grant === null ? verified.url.upstream : grantedUrl(verified.url, grant);
      const upstream = routeOf(app, target);
      const allowed = network.authorise(target);
      const address = typeof allowed === 'string' ? allowed : await allowed;
      const body = signedBody ?? forwardBody(request, limits);
      exchange.bytesIn = body === null ? 0 : body instanceof Uint8Array ? body.byteLength : body.length;
      const answer = await transport.send(
        upstreamRequest(verified, {
          url: target,
          client: request.headers,
          upstream,
          address,
          body,
          limits,
          upstreamHeaders,
        }),
        request.gone,
      );
      return respond(answer, {
        request,
        upstream: target,
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
  }

  function begin(method: string): Exchange {
    gateway.onOpen();
    return new Exchange(method, { time: clock(), onEnd: gateway.onExchange });
  }

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

  function answerError(
    error: unknown,
    { request, exchange }: { request?: ClientRequest; exchange: Exchange },
  ): ClientAnswer {
    const refusal = request?.body.failure ?? refusalOf(error);
    if (refusal !== null) {
      exchange.status = refusal.status;
      const reason = typeof refusal.cause === 'string' ? refusal.cause : refusal.message;
      exchange.end('refused', { code: refusal.code, reason });
      return problemAnswer(refusal, exchange.id);
    }
    if (request?.gone.aborted === true || (error instanceof TransportError && error.code === 'aborted')) {
      exchange.status = 499;
      exchange.end('client_gone');
      return bare(499, exchange);
    }
    exchange.status = 500;
    exchange.end('refused', { reason: internalReason(error) });
    return bare(500, exchange);
  }
}

function bare(status: number, { id }: Exchange): ClientAnswer {
  return { status, statusText: '', headers: [['X-Sw-Request-Id', id]], body: null };
}

type ReceivedHead = Omit<ReceivedRequest, 'body'>;

function receivedHead(request: ClientRequest): ReceivedHead {
  return { method: request.method, header: (name) => request.headers.get(name) };
}

function parseUrl(query: string, memo: ValueMemo): SignedUrl {
  const url = parseSignedUrl(query, memo);
  refuseScope(url);
  return url;
}

function checkExtensions(url: SignedUrl, { method, rules }: { method: string; rules: ExtensionRules }): void {
  const unknown = url.extensions.filter((name) => !KNOWN_EXTENSIONS.has(name));
  if (unknown.length > 0) {
    throw new Refusal('unknown_parameter', `${unknown.join(' and ')} is not known here`);
  }
  checkMethods(method, readExtensions(url, rules).methods);
}

const KNOWN_EXTENSIONS: ReadonlySet<string> = new Set(['X-Sw-Methods', 'X-Sw-Scope', 'X-Sw-Subject']);

function routeOf(app: CompiledApp, url: UpstreamUrl) {
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
