/** Writes the query of a signed URL as the token of a grant: base64url without padding (RFC 4648, section 5). */
export function encodeGrantToken(query: string): string {
  return btoa(query).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/**
 * Reads the token of a grant; undefined for a text that no query encodes to.
 *
 * **Security**: of all the spellings that a decoder would take (padding, white space, stray bits at the end, the
 * other alphabet) the one that encodes back to itself is read, so that a grant has one address.
 */
export function decodeGrantToken(token: string): string | undefined {
  if (!BASE64URL.test(token)) return undefined;
  try {
    const query = atob(token.replaceAll('-', '+').replaceAll('_', '/'));
    return IN_A_QUERY.test(query) && encodeGrantToken(query) === token ? query : undefined;
  } catch {
    return undefined;
  }
}

const BASE64URL = /^[A-Za-z0-9\-_]*$/;

/** What the query of a request can hold: visible ASCII without `#`, at which it would end. */
const IN_A_QUERY = /^[!"$-~]*$/;
