/** `signway` on Node: signing. The gateway's name is there, so that using it says what it needs. */
import { needsBun } from './needsBun.ts';

export { SigningError, sign, signGrant, signUrl } from '../signing/index.ts';

/** @throws {Error} always */
export function createSignway(): never {
  throw needsBun('createSignway');
}
