import { isAmbiguousPath } from '../../signing/ambiguousPath.ts';
import { parseUpstreamUrl, type UpstreamUrl } from '../../signing/upstreamUrl.ts';
import type { Limits } from '../limits.ts';
import type { HeaderPairs } from '../transport/transport.ts';
import { shownUrl } from './shownUrl.ts';

/**
 * An upstream an app may call, and what is added to the requests that go there.
 *
 * **Security**: headers belong to an upstream and never go elsewhere. With `ANY_ORIGIN` they go wherever the
 * holder of a secret signs: whoever learns the secret learns the headers.
 */
export interface Upstream {
  /**
   * `https://api.example.com`, with a path prefix (`https://api.example.com/v1`) matched by whole segments, or
   * with `*` for one label (`https://*.example.com`); or {@link ANY_ORIGIN}.
   */
  readonly origin: string;
  /** Set last, in place of what the client sent under these names. */
  readonly headers: HeaderPairs;
  /**
   * Lets through what would be refused without it, and says so in the exchange's record: the last upstream of an
   * app whose list is being tried out. Default: false.
   *
   * **Security**: with `ANY_ORIGIN` nothing is refused, as without a list.
   */
  readonly reportOnly?: boolean;
  /** Methods it may be called with. `method_not_allowed`. Default: any. */
  readonly methods?: readonly string[];
  /** Further headers of clients that it never gets, by their lower-case names. Default: none. */
  readonly denyHeaders?: readonly string[];
  /** In milliseconds, 0 for none. Default: the gateway's, field by field. */
  readonly timeouts?: Partial<UpstreamTimeouts>;
}

export type UpstreamTimeouts = Pick<
  Limits,
  'connectTimeout' | 'headTimeout' | 'silenceTimeout' | 'eventStreamSilenceTimeout' | 'totalTimeout'
>;

export const ANY_ORIGIN = '*';

/** Tells whether a URL belongs to an {@link Upstream}. */
export type UpstreamRule = (url: UpstreamUrl) => boolean;

/**
 * Compiles an upstream's origin: `https://api.example.com:8443/v1`, `https://*.example.com`, or `*`.
 *
 * **Security**: compares what the URL parser made of both sides, never text with text. Below a path prefix no
 * escaped slash, backslash, dot or percent sign is allowed: the upstream could resolve it to another path.
 *
 * @throws {TypeError} when the origin cannot be read; its message shows neither user info nor a query
 */
export function compileUpstream(origin: Upstream['origin']): UpstreamRule {
  if (origin === ANY_ORIGIN) return () => true;
  const wildcard = /^https?:\/\/\*\./.test(origin);
  const url = parseUpstreamUrl(wildcard ? origin.replace('*.', `${WILDCARD_LABEL}.`) : origin);
  if (typeof url === 'string') throw new TypeError(`the upstream '${shownUrl(origin)}' ${url}`);
  if (url.search !== '' || origin.includes('?'))
    throw new TypeError(`the upstream '${shownUrl(origin)}' must not hold a query`);
  if (url.hostname.includes('*')) {
    throw new TypeError(`the upstream '${shownUrl(origin)}' may hold * only as its first label`);
  }
  if (isAmbiguousPath(url.pathname)) {
    throw new TypeError(
      `the upstream '${shownUrl(origin)}' holds %2f, %5c, %2e, %25 or '..;' in its path: nothing would belong to it`,
    );
  }
  const hostMatches = wildcard
    ? oneLabelBefore(url.hostname.slice(WILDCARD_LABEL.length))
    : (hostname: string) => hostname === url.hostname;
  const pathMatches = url.pathname === '/' ? () => true : below(url.pathname);
  return (other) =>
    other.protocol === url.protocol &&
    other.port === url.port &&
    hostMatches(other.hostname) &&
    pathMatches(other.pathname);
}

// Stands for the label while the URL is parsed: `*` is not a host that every parser takes.
const WILDCARD_LABEL = 'wildcard';

function oneLabelBefore(suffix: string): (hostname: string) => boolean {
  return (hostname) => {
    const label = hostname.slice(0, -suffix.length);
    return hostname.endsWith(suffix) && label !== '' && !label.includes('.');
  };
}

function below(prefix: string): (pathname: string) => boolean {
  const whole = prefix.endsWith('/') ? prefix.slice(0, -1) : prefix;
  return (pathname) => (pathname === whole || pathname.startsWith(`${whole}/`)) && !isAmbiguousPath(pathname);
}
