/**
 * The names that requests and answers mostly have, as they are mostly spelled. Cutting one out of a head makes a text
 * that has to be allocated, hashed and compared wherever it is looked up; of these there is one text each already.
 */
const USUAL_NAMES = [
  ...['Accept', 'Accept-Encoding', 'Accept-Language', 'Accept-Ranges', 'Access-Control-Allow-Origin'],
  ...['Access-Control-Expose-Headers', 'Access-Control-Request-Headers', 'Access-Control-Request-Method'],
  ...['Age', 'Alt-Svc', 'Authorization', 'Cache-Control', 'CF-Cache-Status', 'CF-RAY', 'Connection'],
  ...['Content-Encoding', 'Content-Length', 'Content-Security-Policy', 'Content-Type', 'Cookie', 'Date'],
  ...['DNT', 'ETag', 'Expect', 'Expires', 'Host', 'Keep-Alive', 'Last-Modified', 'Location', 'Origin'],
  ...['Pragma', 'Priority', 'Referer', 'Referrer-Policy', 'Retry-After', 'Sec-CH-UA', 'Sec-CH-UA-Mobile'],
  ...['Sec-CH-UA-Platform', 'Sec-Fetch-Dest', 'Sec-Fetch-Mode', 'Sec-Fetch-Site', 'Server', 'Set-Cookie'],
  ...['Strict-Transport-Security', 'Trailer', 'Transfer-Encoding', 'Upgrade', 'User-Agent', 'Vary', 'Via'],
  ...['X-Accel-Buffering', 'X-Content-Type-Options', 'X-Forwarded-For', 'X-Forwarded-Proto', 'X-Request-Id'],
].flatMap((name) => [name, name.toLowerCase()]);

const SLOTS = 1024;

/** By what {@link nextHash} works out of the characters; of two names in one slot the second has none. */
const TABLE: readonly (string | undefined)[] = USUAL_NAMES.reduce<(string | undefined)[]>((table, name) => {
  let hash = 0;
  for (let i = 0; i < name.length; i++) hash = nextHash(hash, name.charCodeAt(i));
  table[hash % SLOTS] ??= name;
  return table;
}, Array(SLOTS).fill(undefined));

/** The hash of a name, one character after the other; it begins with 0. */
export function nextHash(hash: number, code: number): number {
  return (Math.imul(hash, 31) + code) & 0xffffff;
}

/** The one text of a usual name; undefined where `hash` is that of another, or of none. */
export function usualName(hash: number): string | undefined {
  return TABLE[hash % SLOTS];
}
