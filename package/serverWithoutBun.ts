/** `signway/server` on Node. */
import { needsBun } from './needsBun.ts';

// A missing name would fail first, and as a SyntaxError that says nothing of Bun.
export const ANY_ORIGIN = undefined;
export const createAppRegistry = undefined;
export const createFetchTransport = undefined;
export const createHttp1Transport = undefined;
export const createSignway = undefined;
export const DEFAULT_LIMITS = undefined;
export const Refusal = undefined;

throw needsBun('signway/server');
