/** `signway/sign`: what a backend needs, on Bun and on Node. */
export { createGrantHandler, type GrantHandlerOptions } from '../backend/createGrantHandler.ts';
export {
  type AllowedCall,
  createSignHandler,
  type SignHandlerOptions,
} from '../backend/createSignHandler.ts';
export type { Authorize, SigningEndpoint } from '../backend/signingEndpoint.ts';
export {
  type Signed,
  type SignGrantOptions,
  SigningError,
  type SignUrlOptions,
  sign,
  signGrant,
  signUrl,
} from '../signing/index.ts';
