import { type GrantPath, readGrantPath } from '../signing/grantPath.ts';
import { Refusal } from '../signing/refusal.ts';
import type { ClientRequest } from './clientRequest.ts';

/**
 * Tells a request to a grant (`/s/<token>/…`) from one to a signed URL (`/`, null), both below the base path, and
 * refuses what is addressed to neither.
 *
 * **Security**: TRACE would echo the injected headers, CONNECT would open a tunnel.
 *
 * @throws {Refusal} `not_found`, `method_not_allowed`
 */
export function routeRequest(
  request: Pick<ClientRequest, 'method' | 'path' | 'query'>,
  basePath = '',
): GrantPath | null {
  const { method, path } = request;
  if (method === 'CONNECT' || method === 'TRACE') {
    throw new Refusal('method_not_allowed', `${method} is not allowed`, { headers: { Allow: ALLOWED } });
  }
  if (path === `${basePath}/` || (path === basePath && path !== '')) return null;
  const grant = readGrantPath(request, basePath);
  if (grant === null) {
    throw new Refusal(
      'not_found',
      `a signed URL has the path ${basePath || '/'}, a grant ${basePath}/s/<token>/`,
    );
  }
  return grant;
}

const ALLOWED = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS';
