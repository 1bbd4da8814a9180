/** `signway/server` on Node. */
import type * as server from '../server/index.ts';
import { needsBun } from './needsBun.ts';
import type * as exported from './serverWithoutBun.ts';

// A missing name would fail first, and as a SyntaxError that says nothing of Bun.
export const ANY_ORIGIN = undefined;
export const createAppRegistry = undefined;
export const createFetchTransport = undefined;
export const createHttp1Transport = undefined;
export const createMemoryStore = undefined;
export const createRedisStore = undefined;
export const createSignway = undefined;
export const createSqliteStore = undefined;
export const DEFAULT_LIMITS = undefined;
export const Refusal = undefined;
export const StoreUnavailable = undefined;

// A type error here names what is missing above.
type Missing = Exclude<keyof typeof server, keyof typeof exported>;
true satisfies [Missing] extends [never] ? true : Missing;

throw needsBun('signway/server');
