/**
 * The keys of a store. An app's id holds no `/` and no control character, so that it always ends at the first
 * slash, whatever a subject or a nonce holds: no app can touch another's counts.
 */
export const storeKeys = {
  nonce: (app: string, nonce: string) => `${app}/n/${nonce}`,
  /** `window` is a part of it, so that a changed configuration begins a new count. */
  requests: (app: string, window: number, subject?: string) => `${app}/r/${window}/${of(subject)}`,
  streams: (app: string, subject?: string) => `${app}/s/${of(subject)}`,
  bytes: (app: string, window: number, subject?: string) => `${app}/b/${window}/${of(subject)}`,
  tokens: (app: string, window: number, subject?: string) => `${app}/t/${window}/${of(subject)}`,
  /** Names of what can be revoked. */
  revocableNonce: (app: string, nonce: string) => `${app}/n/${nonce}`,
  revocableSubject: (app: string, subject: string) => `${app}/u/${subject}`,
} as const;

function of(subject: string | undefined): string {
  return subject === undefined ? 'app' : `u/${subject}`;
}
