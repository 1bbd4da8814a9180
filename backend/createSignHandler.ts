import {
  isAmbiguousPath,
  parseUpstreamUrl,
  SigningError,
  type SignUrlOptions,
  signUrl,
  type UpstreamUrl,
} from '../signing/index.ts';
import { type Authorize, type SigningEndpoint, signingEndpoint } from './signingEndpoint.ts';

export interface SignHandlerOptions extends Pick<SignUrlOptions, 'id' | 'secret' | 'host' | 'bodySchema'> {
  /** Who is asking, or null; see {@link Authorize}. */
  authorize: Authorize;
  /** What may be signed, and nothing else. */
  allow: readonly AllowedCall[];
  /** For how many seconds a URL is valid. Default: 60. */
  expiry?: number;
  /** Whether a URL is good for one request only. Default: false; the gateway then needs no store. */
  once?: boolean;
  /** Milliseconds since the epoch. Default: `Date.now`. */
  clock?(): number;
}

/** A call that may be signed. */
export interface AllowedCall {
  readonly method: string;
  /**
   * The upstream's URL, its query included; or with `/*` at its end every URL below it, with any query. Compared as
   * the URL parser reads both.
   */
  readonly url: string;
}

/**
 * Makes the endpoint that a page asks for signed URLs (`askBackend` of `signway/client`): it takes
 * `{"method": …, "url": …}` and answers `{"url": …}`, or with a problem document (RFC 9457): 401 for nobody, 403 for
 * a call that is not on the list.
 *
 * **Security**: method, upstream, expiry and subject are pinned here. The page chooses among the allowed calls and
 * nothing else, so the endpoint cannot be made to sign something. The body is the page's own unless `bodySchema` says
 * what it must be; where the body has to be signed, call `signUrl` instead.
 *
 * @throws {TypeError} at once, for an allowed call or an option that cannot be signed
 * @example
 * const handler = createSignHandler({
 *   id: 'my-id',
 *   secret: process.env.SW_SECRET,
 *   host: 'https://gw.example.com',
 *   authorize: async (request) => (await session(request))?.userId ?? null,
 *   allow: [{ method: 'POST', url: 'https://api.openai.com/v1/chat/completions' }],
 * });
 */
export function createSignHandler(options: SignHandlerOptions): SigningEndpoint {
  const { authorize, allow, expiry = 60, once = false, clock = Date.now, ...signer } = options;
  const calls = allow.map(compileCall);
  // Now, and not when the first page asks.
  for (const { method, sample } of calls) signUrl({ ...signer, expiry, method, proxyUrl: sample });

  return signingEndpoint(authorize, ({ method, url }, subject) => {
    const parsed = typeof url === 'string' ? parseUpstreamUrl(url) : 'is missing';
    if (typeof method !== 'string' || typeof parsed === 'string') {
      return { status: 400, detail: 'name the method and the absolute URL of a call' };
    }
    const allowed = calls.find((call) => call.method === method.toUpperCase() && call.matches(parsed));
    if (allowed === undefined) return { status: 403, detail: 'this call may not be signed' };
    return signUrl({
      ...signer,
      expiry,
      subject,
      method: allowed.method,
      proxyUrl: parsed.href,
      date: new Date(clock()),
      ...(once && { nonce: crypto.randomUUID() }),
    });
  });
}

interface CompiledCall {
  readonly method: string;
  /** A URL that it allows. */
  readonly sample: string;
  matches(url: UpstreamUrl): boolean;
}

function compileCall({ method, url }: AllowedCall): CompiledCall {
  const below = url.endsWith('/*');
  const parsed = parseUpstreamUrl(below ? url.slice(0, -1) : url);
  if (typeof parsed === 'string' || (below && parsed.search !== '')) {
    throw new SigningError('proxyUrl', `of an allowed call cannot be '${url}'`);
  }
  return {
    method: method.toUpperCase(),
    sample: parsed.href,
    matches: below ? (other) => isBelow(other, parsed) : (other) => other.href === parsed.href,
  };
}

function isBelow(url: UpstreamUrl, prefix: UpstreamUrl): boolean {
  return (
    url.origin === prefix.origin && url.pathname.startsWith(prefix.pathname) && !isAmbiguousPath(url.pathname)
  );
}
