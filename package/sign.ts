/** `signway/sign`: what a backend needs, on Bun and on Node. */
export {
  type Signed,
  type SignGrantOptions,
  SigningError,
  type SignUrlOptions,
  sign,
  signGrant,
  signUrl,
} from '../signing/index.ts';
