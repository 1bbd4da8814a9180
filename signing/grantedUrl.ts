import type { GrantPath } from './grantPath.ts';
import { signedValue } from './parseGrant.ts';
import type { SignedUrl } from './parseSignedUrl.ts';
import { Refusal } from './refusal.ts';
import { parseUpstreamUrl, type UpstreamUrl } from './upstreamUrl.ts';

/**
 * The upstream's URL for one request to a grant: its prefix, what the client appended, and the client's query
 * (docs/protocol.md, "Grants").
 *
 * **Security**: the texts are joined and then parsed. Resolving one against the other would let `//evil.test` or
 * `https:…` name another host. What the upstream could read as another path than was checked here, an escaped
 * slash, backslash, dot or percent sign, is refused, and so is what could pass for a parameter of the protocol.
 *
 * @throws {Refusal} `path_not_allowed`
 */
export function grantedUrl(grant: SignedUrl, { path, query }: Omit<GrantPath, 'token'>): UpstreamUrl {
  if (!VISIBLE_ASCII.test(path) || !VISIBLE_ASCII.test(query)) {
    throw notAllowed('the path and the query must be visible ASCII characters');
  }
  if (AMBIGUOUS_ESCAPE.test(path)) throw notAllowed('the path must not hold %2f, %5c, %2e or %25');
  if (query.split('&').some(resemblesParameter))
    throw notAllowed('the query must not hold an X-Sw-* parameter');
  const url = parseUpstreamUrl(
    `${signedValue(grant, 'X-Sw-Proxy')}${path}${query === '' ? '' : `?${query}`}`,
  );
  if (typeof url === 'string') throw notAllowed(`the upstream's URL ${url}`);
  const prefix = grant.upstream;
  if (url.origin !== prefix.origin || !url.pathname.startsWith(prefix.pathname)) {
    throw notAllowed('the path leaves the prefix of the grant');
  }
  return url;
}

const VISIBLE_ASCII = /^[!-~]*$/;
const AMBIGUOUS_ESCAPE = /%(?:2f|5c|2e|25)/i;

/** Decodes escapes until none is left, valid or not, as the most generous of readers would. */
function resemblesParameter(parameter: string): boolean {
  let name = parameter.split('=', 1)[0]!;
  for (let before = ''; before !== name; ) {
    before = name;
    name = name.replace(ESCAPE, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  }
  return /^x-sw-/i.test(name);
}

const ESCAPE = /%([0-9a-f]{2})/gi;

function notAllowed(detail: string): Refusal {
  return new Refusal('path_not_allowed', detail);
}
