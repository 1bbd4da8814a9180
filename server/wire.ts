import { Refusal } from '../signing/refusal.ts';

/** Where a request is addressed: the parts of its URL as they were sent, but for dot segments. */
export interface RequestTarget {
  readonly path: string;
  /** Without its `?`. */
  readonly query: string;
}

/**
 * Refuses what Bun's parser lets through although no two servers read it alike, and splits the URL.
 *
 * **Security**: a GET or HEAD with a body is one request to us and could be two to another server; a missing,
 * doubled or malformed Host leaves open who was asked (RFC 9112, section 3.2).
 *
 * @throws {Refusal} `bad_request`, `url_too_long`
 */
export function readTarget(request: Request, maxUrlLength: number): RequestTarget {
  const { url, method, headers } = request;
  const host = headers.get('host');
  if (host === null || !HOST.test(host))
    throw new Refusal('bad_request', 'the Host header is missing or malformed');
  if ((method === 'GET' || method === 'HEAD') && hasBody(headers)) {
    throw new Refusal('bad_request', `a ${method} request must not have a body`);
  }
  if (url.length > maxUrlLength)
    throw new Refusal('url_too_long', `the URL must not be over ${maxUrlLength} characters`);
  const pathAt = url.indexOf('/', url.indexOf('://') + 3);
  const queryAt = url.indexOf('?', pathAt);
  if (pathAt === -1 || queryAt === -1) return { path: pathAt === -1 ? '' : url.slice(pathAt), query: '' };
  return { path: url.slice(pathAt, queryAt), query: url.slice(queryAt + 1) };
}

/**
 * Refuses what is not addressed to the gateway.
 *
 * **Security**: TRACE would echo the injected headers, CONNECT would open a tunnel.
 *
 * @throws {Refusal} `not_found`, `method_not_allowed`
 */
export function checkRoute({ method }: Pick<Request, 'method'>, { path }: RequestTarget): void {
  if (method === 'CONNECT' || method === 'TRACE') {
    throw new Refusal('method_not_allowed', `${method} is not allowed`, { headers: { Allow: ALLOWED } });
  }
  if (path !== '/') throw new Refusal('not_found', 'a signed URL has the path /');
}

const ALLOWED = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS';

// RFC 3986, section 3.2: a registered name, an IPv4 or a bracketed IPv6 address, and a port. No comma: Bun
// joins two Host headers with one.
const HOST = /^(?:[A-Za-z0-9\-._~%!$&'()*+;=]+|\[[0-9A-Fa-f:.]+\])(?::\d{0,5})?$/;

function hasBody(headers: Headers): boolean {
  return headers.has('transfer-encoding') || (headers.get('content-length') ?? '0') !== '0';
}
