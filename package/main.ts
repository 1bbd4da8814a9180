/** `signway` on Bun: signing, and the gateway. */
export {
  createSignway,
  type RunningSignway,
  type ServeOptions,
  type Signway,
  type SignwayOptions,
} from '../server/createSignway.ts';
export { type Signed, SigningError, type SignUrlOptions, sign, signUrl } from '../signing/index.ts';
