/**
 * A URL's parts under the names that `URL` gives them, read once: each of its getters makes a new string.
 */
export type UpstreamUrl = Readonly<
  Pick<URL, 'href' | 'origin' | 'protocol' | 'host' | 'hostname' | 'port' | 'pathname' | 'search'>
>;

/**
 * Reads the upstream's URL as `X-Sw-Proxy` may hold it: absolute, literally `http://` or `https://`, with a
 * host, without user info, fragment, control character, space or backslash.
 * Returns the parsed URL, or a sentence that says what is wrong.
 *
 * **Security**: parsers disagree about exactly what is forbidden here; the literal check runs before the
 * parser, so that a value on whose meaning two parsers could differ is never parsed.
 */
export function parseUpstreamUrl(text: string): UpstreamUrl | string {
  if (!text.isWellFormed() || FORBIDDEN.test(text)) {
    return 'must not hold a control character, a space or a backslash';
  }
  const authority = ABSOLUTE.exec(text)?.[1];
  if (authority === undefined) return 'must be an absolute http:// or https:// URL';
  if (authority.includes('@')) return 'must not hold user info';
  if (text.includes('#')) return 'must not hold a fragment';
  const url = URL.parse(text);
  if (url === null) return 'is not a valid URL';
  const { href, origin, protocol, host, hostname, port, pathname, search } = url;
  return { href, origin, protocol, host, hostname, port, pathname, search };
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
const FORBIDDEN = /[\u0000-\u0020\u007f-\u009f\\]/;
const ABSOLUTE = /^https?:\/\/([^/?#]+)/;
