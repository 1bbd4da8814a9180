/** `signway` on Node: signing. The gateway's name is there, so that using it says what it needs. */
import { needsBun } from './needsBun.ts';

export { createGrantHandler, type GrantHandlerOptions } from '../backend/createGrantHandler.ts';
export {
  type AllowedCall,
  createSignHandler,
  type SignHandlerOptions,
} from '../backend/createSignHandler.ts';
export type { Authorize, SigningEndpoint } from '../backend/signingEndpoint.ts';
export { SigningError, sign, signGrant, signUrl } from '../signing/index.ts';

/** @throws {Error} always */
export function createSignway(): never {
  throw needsBun('createSignway');
}
