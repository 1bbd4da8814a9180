import { decodeGrantToken } from './grantToken.ts';
import { PARAMETER_PREFIX } from './parameters.ts';
import { parseSignedUrl, type ValueMemo } from './parseSignedUrl.ts';
import { Refusal } from './refusal.ts';
import type { SignedUrl } from './signedUrl.ts';

/**
 * Parses the token of a grant as {@link parseSignedUrl} parses a query, and refuses one that is no grant.
 *
 * @throws {Refusal} what `parseSignedUrl` throws; `invalid_parameter` for a token that is not the unpadded
 * base64url of `X-Sw-*` parameters alone, without `X-Sw-Scope=prefix` or `X-Sw-Methods`, with a signed body, or
 * whose `X-Sw-Proxy` is no prefix
 */
export function parseGrant(token: string, memo?: ValueMemo): SignedUrl {
  const query = decodeGrantToken(token);
  if (query?.split('&').every((parameter) => parameter.startsWith(PARAMETER_PREFIX)) !== true) {
    throw invalid(
      'the token of a grant must be the unpadded base64url of X-Sw-* parameters, and of them alone',
    );
  }
  const url = parseSignedUrl(query, memo);
  if (signedValue(url, 'X-Sw-Scope') !== 'prefix') throw invalid('X-Sw-Scope must be prefix in a grant');
  if (signedValue(url, 'X-Sw-Methods') === undefined) throw invalid('X-Sw-Methods is missing in a grant');
  if (url.signsBody) throw invalid('X-Sw-Body must be false in a grant');
  const prefix = signedValue(url, 'X-Sw-Proxy')!;
  if (prefix.includes('?') || !prefix.endsWith('/')) {
    throw invalid('X-Sw-Proxy must be a prefix in a grant: its path ends in a slash, and it has no query');
  }
  return url;
}

/**
 * Refuses a grant that is used as a signed URL.
 *
 * @throws {Refusal} `invalid_parameter`
 */
export function refuseScope(url: SignedUrl): void {
  if (url.extensions.includes('X-Sw-Scope')) throw invalid('X-Sw-Scope makes a grant, which is a base URL');
}

/** The value of a signed parameter as it was sent, decoded. */
export function signedValue(url: SignedUrl, name: string): string | undefined {
  return url.parameters.find(([other]) => other === name)?.[1];
}

function invalid(detail: string): Refusal {
  return new Refusal('invalid_parameter', detail);
}
