import { Refusal } from './refusal.ts';
import type { SignedUrl } from './signedUrl.ts';

export interface ValidityLimits {
  /** The longest `X-Sw-Expires` that is accepted, in seconds. Default: 604800, seven days. */
  maxExpiry: number;
  /** How far `X-Sw-Date` may lie ahead of the clock, in seconds. Default: 300. */
  clockSkew: number;
}

export const DEFAULT_VALIDITY_LIMITS = {
  maxExpiry: 604_800,
  clockSkew: 300,
} as const satisfies ValidityLimits;

/**
 * Refuses a URL outside the time it is valid for: after `X-Sw-Date` + `X-Sw-Expires`, or before `X-Sw-Date`
 * less the skew. At the very moment of either it is valid.
 *
 * @param now milliseconds since the epoch
 * @throws {Refusal} `expiry_too_long`, `not_yet_valid`, `expired`
 */
export function checkValidity(
  url: SignedUrl,
  now: number,
  limits: ValidityLimits = DEFAULT_VALIDITY_LIMITS,
): void {
  // Each is asked the way in which a clock or a limit that is no number refuses.
  if (!(url.expires <= limits.maxExpiry)) {
    throw new Refusal('expiry_too_long', `X-Sw-Expires must not be over ${limits.maxExpiry} seconds`);
  }
  if (!(url.signedAt <= now + limits.clockSkew * 1000)) {
    throw new Refusal('not_yet_valid', 'X-Sw-Date lies in the future');
  }
  if (!(now <= url.signedAt + url.expires * 1000)) {
    throw new Refusal('expired', `the signed URL was valid for ${url.expires} seconds from ${url.timestamp}`);
  }
}
