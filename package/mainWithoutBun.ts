/** `signway` on Node: what a backend needs. The gateway's name is there, so that using it says what it needs. */
import type * as main from './main.ts';
import type * as exported from './mainWithoutBun.ts';
import { needsBun } from './needsBun.ts';

export type { SignwayConfig } from '../config/configSchema.ts';
export { defineConfig } from '../config/defineConfig.ts';
export * from './sign.ts';

/** @throws {Error} always */
export function createSignway(): never {
  throw needsBun('createSignway');
}

// A type error here names what is missing above.
type Missing = Exclude<keyof typeof main, keyof typeof exported>;
true satisfies [Missing] extends [never] ? true : Missing;
