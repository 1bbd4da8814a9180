import { type PageRequest, readPageRequest } from './pageRequest.ts';
import { absoluteUrl, type Fetch, type SendOptions, sendRenewing } from './sendRenewing.ts';

export interface SignwayFetchOptions extends SendOptions {
  /** Asks the backend for a signed URL. It is called for every call, and once more for a URL that has expired. */
  getSignedUrl(request: RequestToSign): string | URL | Promise<string | URL>;
}

/** What the backend needs to know of a call in order to sign it. */
export interface RequestToSign {
  readonly method: string;
  /** The upstream's URL, absolute, without a fragment. */
  readonly url: string;
  /** The call's own signal. */
  readonly signal: AbortSignal | undefined;
  /** The body's bytes, where the backend signs them. They are held in memory then, and sent as they are. */
  bytes(): Promise<Uint8Array<ArrayBuffer>>;
}

/**
 * A `fetch` that takes an API's own URL and calls it through the gateway: it asks the backend for a signed
 * URL, drops `Authorization`, and calls that. Every call is signed anew, so an API client that tries again
 * gets a fresh URL; one that expired on the way is signed again, once. The call's signal stops the signing too.
 *
 * @throws {SignwayError} the gateway's code, unless `refusals` is `return`; and whatever `getSignedUrl` throws
 * @example
 * const signwayFetch = createSignwayFetch({ getSignedUrl: askBackend('/api/sign') });
 * const answer = await signwayFetch('https://api.openai.com/v1/models');
 */
export function createSignwayFetch({ getSignedUrl, ...options }: SignwayFetchOptions): Fetch {
  return async (input, init) => {
    const request = await readPageRequest(input, init);
    const sign = async () => absoluteUrl(await getSignedUrl(toSign(request)));
    return sendRenewing(request, sign, { ...options, renewable: ['expired'] });
  };
}

function toSign({ method, url, signal, bytes }: PageRequest): RequestToSign {
  return { method, url, signal, bytes };
}
