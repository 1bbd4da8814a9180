import type { RefusalCode } from '../signing/refusal.ts';
import { errorOf } from './errorOf.ts';
import type { PageRequest } from './pageRequest.ts';
import { SignwayError } from './signwayError.ts';
import { unlessAborted } from './unlessAborted.ts';

/** `fetch` as every platform has it. */
export type Fetch = (input: RequestInfo | URL, init?: RequestInit) => Promise<Response>;

export interface SendOptions {
  /** What calls are made with. Default: the page's `fetch`. */
  fetch?: Fetch;
  /**
   * What becomes of a refusal by the gateway. `throw`, the default: a {@link SignwayError}. `return`: it is an
   * answer like any other, for an API's own client, which would take an error for a broken connection and
   * try again where the gateway says that this cannot help.
   */
  refusals?: 'throw' | 'return';
}

export interface RenewingOptions extends SendOptions {
  /** The refusals after which another URL can help. What they refuse never reached the upstream. */
  renewable: readonly RefusalCode[];
}

/**
 * Sends a call to the URL that `urlFor` gives. When the gateway refuses it as one of `renewable`, asks for
 * another one and sends the call again: once, and only if its body can be sent a second time.
 */
export async function sendRenewing(
  request: PageRequest,
  urlFor: (refused: boolean) => Promise<string>,
  { fetch: send = fetch, refusals = 'throw', renewable }: RenewingOptions,
): Promise<Response> {
  let answer = await attempt(false);
  const refusal = answer.headers.get('x-sw-error');
  if (renewable.some((code) => code === refusal) && request.repeatable) {
    await answer.body?.cancel();
    answer = await attempt(true);
  }
  if (refusals === 'throw' && answer.headers.has('x-sw-error')) throw await errorOf(answer);
  return answer;

  async function attempt(refused: boolean): Promise<Response> {
    request.signal?.throwIfAborted();
    return send(await unlessAborted(urlFor(refused), request.signal), request.init());
  }
}

/**
 * What the backend gave, if it is an absolute URL: a page's `fetch` takes anything else for a place of the page's
 * own, which would get the call and its body.
 *
 * @throws {SignwayError} `signing_failed`
 */
export function absoluteUrl(given: string | URL): string {
  const url = String(given);
  if (!/^https?:\/\//.test(url))
    throw new SignwayError('signing_failed', 'what was given is no absolute URL');
  return url;
}
