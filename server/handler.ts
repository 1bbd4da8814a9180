import { checkValidity } from '../signing/checkValidity.ts';
import { grantedUrl } from '../signing/grantedUrl.ts';
import { parseGrant, refuseScope } from '../signing/parseGrant.ts';
import { parseSignedUrl, type ValueMemo, type ValueReading } from '../signing/parseSignedUrl.ts';
import { Refusal } from '../signing/refusal.ts';
import type { SignedUrl } from '../signing/signedUrl.ts';
import { checkSignedHeaders, type ReceivedRequest, verifySignature } from '../signing/verifySignature.ts';
import { respond } from './answer.ts';
import { answerError } from './answerError.ts';
import type { AnswerStream } from './answerStream.ts';
import type { App, AppRegistry } from './apps.ts';
import { BoundedMemo } from './boundedMemo.ts';
import type { ClientAnswer } from './clientAnswer.ts';
import type { ClientRequest } from './clientRequest.ts';
import { type CompiledApp, createAppCompiler } from './compiledApp.ts';
import { Exchange, type ExchangeRecord } from './exchange.ts';
import { createBodySchemas } from './extensions/bodySchemas.ts';
import { checkMethods, readExtensions } from './extensions/extensions.ts';
import { checkJsonBody } from './extensions/jsonBody.ts';
import { createClientHeaders } from './headers/clientHeaders.ts';
import type { Cors } from './headers/cors.ts';
import { createUpstreamHeaders } from './headers/upstreamHeaders.ts';
import { healthAnswer } from './health.ts';
import type { HookRunner } from './hooks/hooks.ts';
import type { Hold } from './limiting/hold.ts';
import type { Limiter } from './limiting/limiter.ts';
import { tokenMaximum } from './limiting/tokenMaximum.ts';
import type { Limits } from './limits.ts';
import type { Mount } from './mount.ts';
import { type ClientAddress, clientKey } from './occupancy/clientAddress.ts';
import type { Occupancy } from './occupancy/occupancy.ts';
import {
  checkDeclaredLength,
  forwardBody,
  mustHoldBody,
  readSignedBody,
  readWholeBody,
} from './requestBody.ts';
import { routeRequest } from './route.ts';
import {
  type Transport,
  TransportError,
  type UpstreamAnswer,
  type UpstreamRequest,
} from './transport/transport.ts';
import type { UpstreamNetwork } from './upstream/network.ts';
import { NOT_ON_LIST, routeToUpstream } from './upstream/routeToUpstream.ts';
import { deadlinesOf, upstreamRequest } from './upstream/upstreamRequest.ts';

/** What a handler works with. */
export interface Gateway {
  readonly apps: AppRegistry;
  readonly mount: Mount;
  readonly cors: Cors;
  readonly network: UpstreamNetwork;
  readonly transport: Transport;
  readonly limits: Limits;
  readonly limiter: Limiter;
  readonly occupancy: Occupancy;
  readonly clientAddress: ClientAddress;
  readonly streams: Set<AnswerStream>;
  /** Null where there are none. */
  readonly hooks: HookRunner | null;
  readonly stopping: () => boolean;
  /** Whether what still runs is being broken off. */
  readonly breakingOff: () => boolean;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Milliseconds that never go backwards. */
  readonly now: () => number;
  readonly onExchange: (record: ExchangeRecord) => void;
}

export interface Handler {
  /** Answers one request, now or later; never throws. */
  handle(request: ClientRequest, receiver: AnswerReceiver): void;
  /** Answers what a front could not read as a request. */
  refuse(refusal: Refusal, method: string): ClientAnswer;
}

/** Who gets an answer: once for each request. An object, since a promise and its reaction cost more than the call. */
export interface AnswerReceiver {
  answered(answer: ClientAnswer): void;
}

/**
 * Makes the functions that answer requests. The way of a signed one, in wire order: the signed URL, the app, the
 * body, the signature, the upstream, the answer (docs/protocol.md, "The order of the checks").
 */
export function createHandler(gateway: Gateway): Handler {
  const { cors, network, transport, limits, limiter, streams, hooks, clock } = gateway;
  const compileApp = createAppCompiler(gateway.mount.signedPaths);
  const bodySchemas = createBodySchemas();
  const values = new BoundedMemo<ValueReading>();
  const upstreamHeaders = createUpstreamHeaders();
  const deadlines = deadlinesOf(limits);
  const clientHeaders = createClientHeaders();

  return {
    handle(request, receiver) {
      const own = healthAnswer(request.path, { stopping: gateway.stopping() }) ?? cors.preflight(request);
      if (own === null) void answerSigned(request, receiver);
      else receiver.answered(own);
    },
    refuse: (refusal, method) => answerError(refusal, { exchange: begin(method, null) }),
  };

  async function answerSigned(request: ClientRequest, receiver: AnswerReceiver): Promise<void> {
    const exchange = begin(request.method, clientOf(request));
    let answer: ClientAnswer;
    try {
      exchange.place.check();
      if (gateway.stopping()) throw new Refusal('shutting_down', 'the gateway is shutting down');
      const grant = routeRequest(request, gateway.mount.basePath);
      const url = grant === null ? parseUrl(request.query, values) : parseGrant(grant.token, values);
      checkValidity(url, clock(), limits);
      const found = findApp(url.appId);
      const app = found instanceof Promise ? await found : found;
      checkExpiry(url, app.maxExpiry);
      const appCors = app.cors ?? cors;
      appCors.check(request);
      const received = new Received(request);
      checkSignedHeaders(url, received);
      const holdsBody = !url.signsBody && mustHoldBody(request, { url, app });
      if (url.signsBody) {
        received.body = await readSignedBody(request, { head: received, limits, place: exchange.place });
      } else checkDeclaredLength(request.body, holdsBody ? limits.maxSignedBody : limits.maxBody);
      const verified = verifySignature(url, received, app);
      exchange.app = app.id;
      exchange.upstream = url.upstream.origin;
      const extensions = readExtensions(url, { required: app.required, schemas: app.schemas, bodySchemas });
      exchange.subject = extensions.subject;
      limiter.checkRevoked(app, extensions);
      checkMethods(request.method, extensions.methods);
      const target = grant === null ? verified.url.upstream : grantedUrl(verified.url, grant);
      const upstream = routeToUpstream(app, { url: target, method: request.method });
      if (upstream.reportOnly) exchange.wouldRefuse = NOT_ON_LIST;
      const allowed = network.authorise(target);
      const address = typeof allowed === 'string' ? allowed : await allowed;
      const whole =
        received.body ?? (holdsBody ? await readWholeBody(request, { limits, place: exchange.place }) : null);
      if (extensions.bodySchema !== null) {
        checkJsonBody(
          { header: received.header.bind(received), body: whole ?? NOTHING },
          extensions.bodySchema,
        );
      }
      const body = whole ?? (holdsBody ? null : forwardBody(request, limits));
      exchange.bytesIn = body === null ? 0 : body instanceof Uint8Array ? body.byteLength : body.length;
      if (body !== null && !(body instanceof Uint8Array)) exchange.upload = request.body;
      const admission = limiter.admit({
        id: exchange.id,
        app,
        extensions,
        goodFor: url.signedAt + (url.expires + limits.clockSkew) * 1000 - clock(),
        bytesIn: exchange.bytesIn ?? 0,
        tokenMaximum: app.countsTokens ? tokenMaximum(request.headers.get('content-type'), whole) : undefined,
      });
      if (admission !== null) exchange.hold = await admission;
      const hooked =
        hooks === null ? null : hooks(request, { upstream: target, exchange, cors: appCors, streams });
      const before = hooked === null ? null : await hooked.before();
      if (before === null) {
        const waits = upstream.timeouts === undefined ? limits : { ...limits, ...upstream.timeouts };
        const outgoing = upstreamRequest(verified, {
          url: target,
          client: request.headers,
          upstream,
          address,
          body,
          deadlines: waits === limits ? deadlines : deadlinesOf(waits),
          upstreamHeaders,
        });
        const { hold } = exchange;
        const upstreamAnswer = await (hold === null
          ? transport.send(outgoing, request.gone)
          : sendHeld(outgoing, { gone: request.gone, hold }));
        const after = hooked === null ? null : await hooked.after(upstreamAnswer);
        answer =
          after ??
          respond(upstreamAnswer, {
            request,
            upstream: target,
            secrets: upstream.secrets,
            clientHeaders,
            cors: appCors,
            exchange,
            limits: waits,
            streams,
          });
      } else answer = before;
    } catch (error) {
      answer = answerError(error, { request, exchange, breakingOff: gateway.breakingOff() });
    }
    receiver.answered(answer);
  }

  /** Sends what was admitted, and has what it holds know whether anything was sent and what came back. */
  async function sendHeld(
    request: UpstreamRequest,
    { gone, hold }: { gone: ClientRequest['gone']; hold: Hold },
  ): Promise<UpstreamAnswer> {
    try {
      hold.sent = true;
      return await hold.receive(await transport.send(request, hold.waiting(gone)));
    } catch (error) {
      if (error instanceof TransportError) hold.sent = error.sent;
      throw hold.refusal ?? error;
    }
  }

  function begin(method: string, client: string | null): Exchange {
    return new Exchange(method, gateway.occupancy.enter(client, limits), gateway);
  }

  /** Whose request it is, where it is counted by that. */
  function clientOf({ peer, headers }: ClientRequest): string | null {
    if (limits.maxRequestsPerClient === 0) return null;
    return clientKey(gateway.clientAddress(peer, headers.get('x-forwarded-for')));
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
}

/** What the signature may cover; its body is read only where the URL signs it. */
class Received implements ReceivedRequest {
  readonly method: string;
  body: Uint8Array | null = null;
  private readonly headers: ClientRequest['headers'];

  constructor({ method, headers }: ClientRequest) {
    this.method = method;
    this.headers = headers;
  }

  header(name: string): string | null {
    return this.headers.get(name);
  }
}

function parseUrl(query: string, memo: ValueMemo): SignedUrl {
  const url = parseSignedUrl(query, memo);
  refuseScope(url);
  return url;
}

/** An app can be stricter than the gateway, whose own limit comes before the app is known. */
function checkExpiry(url: SignedUrl, maxExpiry: number | undefined): void {
  if (maxExpiry !== undefined && url.expires > maxExpiry) {
    throw new Refusal('expiry_too_long', `X-Sw-Expires must not be over ${maxExpiry} seconds for this app`);
  }
}

const NOTHING = new Uint8Array(0);

function storeUnavailable(): never {
  throw new Refusal('store_unavailable', 'the apps cannot be looked up at the moment');
}
