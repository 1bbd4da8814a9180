/** `signway` on Bun: signing, and the gateway. */
export { createGrantHandler, type GrantHandlerOptions } from '../backend/createGrantHandler.ts';
export {
  type AllowedCall,
  createSignHandler,
  type SignHandlerOptions,
} from '../backend/createSignHandler.ts';
export type { Authorize, SigningEndpoint } from '../backend/signingEndpoint.ts';
export {
  createSignway,
  type RunningSignway,
  type ServeOptions,
  type Signway,
  type SignwayOptions,
} from '../server/createSignway.ts';
export {
  type Signed,
  type SignGrantOptions,
  SigningError,
  type SignUrlOptions,
  sign,
  signGrant,
  signUrl,
} from '../signing/index.ts';
