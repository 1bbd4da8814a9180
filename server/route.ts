import { Refusal } from '../signing/refusal.ts';
import type { ClientRequest } from './clientRequest.ts';

/**
 * Refuses what is not addressed to the gateway.
 *
 * **Security**: TRACE would echo the injected headers, CONNECT would open a tunnel.
 *
 * @throws {Refusal} `not_found`, `method_not_allowed`
 */
export function checkRoute({ method, path }: Pick<ClientRequest, 'method' | 'path'>): void {
  if (method === 'CONNECT' || method === 'TRACE') {
    throw new Refusal('method_not_allowed', `${method} is not allowed`, { headers: { Allow: ALLOWED } });
  }
  if (path !== '/') throw new Refusal('not_found', 'a signed URL has the path /');
}

const ALLOWED = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS';
