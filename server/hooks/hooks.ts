import type { UpstreamUrl } from '../../signing/upstreamUrl.ts';
import type { ClientAnswer } from '../clientAnswer.ts';
import type { ClientRequest } from '../clientRequest.ts';
import type { UpstreamAnswer } from '../transport/transport.ts';
import { type OwnAnswerContext, ownAnswer } from './ownAnswer.ts';

/**
 * What an embedder adds to the way of a request. Both come after every check. One that throws, or rejects, is
 * answered with 500 and no details; the record's `reason` says where it threw.
 *
 * **Security**: what a hook answers goes to the client as it is, but for the fields that every answer of the gateway
 * has: CORS, `X-Sw-*`, and those that keep it from being shown as a page.
 */
export interface Hooks {
  /** Called before the upstream is. A `Response` is the answer, and the upstream is not called. */
  beforeUpstream?(context: HookContext): HookResult | Promise<HookResult>;
  /** Called when the upstream's head has come. A `Response` is the answer, and the upstream's is dropped. */
  afterUpstream?(context: HookContext, answer: UpstreamHead): HookResult | Promise<HookResult>;
}

/** Nothing lets the request, or the answer, pass. */
// biome-ignore lint/suspicious/noConfusingVoidType: a hook that only looks on returns nothing
export type HookResult = Response | null | undefined | void;

/** A request that was verified. All of it is the hook's own: changing it changes nothing. */
export interface HookContext {
  /** `X-Sw-Request-Id`. */
  readonly requestId: string;
  /** The app's id. */
  readonly app: string;
  /** `X-Sw-Subject`; null without one. */
  readonly subject: string | null;
  readonly method: string;
  /** Origin and path of what is called; the query, where some APIs have their keys, is left out. */
  readonly upstream: string;
  /** As the client sent them: without what the gateway adds, with what it will leave out. */
  readonly headers: Headers;
}

/** The head of an upstream's answer, as it was received. */
export interface UpstreamHead {
  readonly status: number;
  readonly headers: Headers;
}

/** The hooks of one exchange. Each gives the client's answer where the hook had one, else null. */
export interface HookedExchange {
  before(): Promise<ClientAnswer | null>;
  after(answer: UpstreamAnswer): Promise<ClientAnswer | null>;
}

export type HookRunner = (
  request: ClientRequest,
  context: { upstream: UpstreamUrl } & Omit<OwnAnswerContext, 'request'>,
) => HookedExchange;

/** Makes the hooks ready to be called; null where there are none. */
export function createHooks(hooks: Hooks): HookRunner | null {
  if (hooks.beforeUpstream === undefined && hooks.afterUpstream === undefined) return null;
  return (request, { upstream, ...rest }) => {
    const { exchange } = rest;
    const context: HookContext = {
      requestId: exchange.id,
      app: exchange.app ?? '',
      subject: exchange.subject,
      method: request.method,
      upstream: upstream.origin + upstream.pathname,
      headers: copyOf(request),
    };
    return {
      async before() {
        const response = await called('beforeUpstream', () => hooks.beforeUpstream?.(context));
        if (response === null) return null;
        // A URL that is good for one answer has had it.
        if (exchange.hold !== null) exchange.hold.sent = true;
        return ownAnswer(response, { request, ...rest });
      },
      async after({ status, headers, body }) {
        try {
          const head = { status, headers: new Headers(headers as [string, string][]) };
          const response = await called('afterUpstream', () => hooks.afterUpstream?.(context, head));
          if (response === null) return null;
          body.cancel();
          return ownAnswer(response, { request, ...rest });
        } catch (error) {
          body.cancel();
          throw error;
        }
      },
    };
  };
}

/** A hook has thrown. `cause` is what it threw. */
export class HookFailure extends Error {
  override readonly name = 'HookFailure';
}

async function called(
  name: keyof Hooks,
  hook: () => HookResult | Promise<HookResult>,
): Promise<Response | null> {
  try {
    const result = await hook();
    return result instanceof Response ? result : null;
  } catch (cause) {
    throw new HookFailure(name, { cause });
  }
}

function copyOf({ headers }: ClientRequest): Headers {
  const copy = new Headers();
  for (const [name, value] of headers) copy.append(name, value);
  return copy;
}
