/** `signway/sign`: what a backend needs, on Bun and on Node. */
export { type Signed, SigningError, type SignUrlOptions, sign, signUrl } from '../signing/index.ts';
