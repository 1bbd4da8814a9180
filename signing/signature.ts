import type { Hashes, Mac } from './hashes.ts';
import { ALGORITHM } from './parameters.ts';

/** The text that is signed: the algorithm, the date, its day and the canonical request's SHA-256. */
export function stringToSign(timestamp: string, canonicalRequestSha256: string): string {
  return `${ALGORITHM}\n${timestamp}\n${timestamp.slice(0, 8)}\n${canonicalRequestSha256}`;
}

/** Signs the string to sign: 64 lower-case hex digits. */
export type SigningKey = Mac;

/**
 * The key of one secret for one day (`YYYYMMDD`).
 *
 * **Security**: a variable that is not set makes no key; as text it would be the secret `undefined`.
 *
 * @throws {TypeError} when the secret is empty or no text
 */
export function signingKey(secret: string, day: string, hashes: Hashes): SigningKey {
  if (typeof secret !== 'string' || secret === '')
    throw new TypeError('the secret must be a text, not empty');
  const hex = hashes.hmacSha256(ALGORITHM + secret)(day);
  return hashes.hmacSha256(
    Uint8Array.from({ length: 32 }, (_, i) => Number.parseInt(hex.slice(i * 2, i * 2 + 2), 16)),
  );
}

/** The only form in which a signature is looked at: hex decoders cut, fold case or throw on others. */
export const SIGNATURE = /^[0-9a-f]{64}$/;

/**
 * Compares two signatures in a time that depends on neither.
 *
 * **Security**: both must match {@link SIGNATURE}, so that their lengths are equal.
 */
export function equalSignatures(a: string, b: string): boolean {
  let difference = a.length ^ b.length;
  for (let i = 0; i < 64; i++) difference |= a.charCodeAt(i) ^ b.charCodeAt(i);
  return difference === 0;
}
