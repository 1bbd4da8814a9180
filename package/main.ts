/** `signway` on Bun: signing, and the gateway. */
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
