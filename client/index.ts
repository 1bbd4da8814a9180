export { askBackend } from './askBackend.ts';
export { createGrantFetch, type GrantFetchOptions } from './createGrantFetch.ts';
export { createSignwayFetch, type RequestToSign, type SignwayFetchOptions } from './createSignwayFetch.ts';
export { errorOf } from './errorOf.ts';
export type { StreamOptions } from './readText.ts';
export type { Fetch, SendOptions } from './sendRenewing.ts';
export { SignwayError, type SignwayErrorCode } from './signwayError.ts';
export { type StreamEvent, streamEvents } from './streamEvents.ts';
export { type StreamTextOptions, streamText } from './streamText.ts';
