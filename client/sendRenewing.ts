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

/**
 * Sends a call to the URL that `urlFor` gives. When the gateway says that this URL has expired, asks for
 * another one and sends the call again: once, and only if its body can be sent a second time. A URL that has
 * expired never reached the upstream, so nothing is done twice.
 */
export async function sendRenewing(
  request: PageRequest,
  urlFor: (expired: boolean) => Promise<string | URL>,
  { fetch: send = fetch, refusals = 'throw' }: SendOptions,
): Promise<Response> {
  let answer = await attempt(false);
  if (answer.headers.get('x-sw-error') === 'expired' && request.repeatable) {
    await answer.body?.cancel();
    answer = await attempt(true);
  }
  if (refusals === 'throw' && answer.headers.has('x-sw-error')) throw await errorOf(answer);
  return answer;

  async function attempt(expired: boolean): Promise<Response> {
    const url = String(await unlessAborted(urlFor(expired), request.signal));
    // A page's `fetch` takes anything else for a place of the page's own, which would get the call and its body.
    if (!/^https?:\/\//.test(url))
      throw new SignwayError('signing_failed', 'what was given is no absolute URL');
    return send(url, request.init());
  }
}
