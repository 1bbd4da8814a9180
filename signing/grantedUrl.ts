import { isAmbiguousPath } from './ambiguousPath.ts';
import type { GrantPath } from './grantPath.ts';
import { signedValue } from './parseGrant.ts';
import { Refusal } from './refusal.ts';
import type { SignedUrl } from './signedUrl.ts';
import { parseUpstreamUrl, type UpstreamUrl } from './upstreamUrl.ts';

/**
 * The upstream's URL for one request to a grant: its prefix, what the client appended, and the client's query
 * (docs/protocol.md, "Grants").
 *
 * **Security**: the texts are joined and then parsed. Resolving one against the other would let `//evil.test` or
 * `https:…` name another host. What the upstream could read as another path than was checked here is refused, and
 * so is what could pass for a parameter of the protocol.
 *
 * @throws {Refusal} `path_not_allowed`
 */
export function grantedUrl(grant: SignedUrl, { path, query }: Omit<GrantPath, 'token'>): UpstreamUrl {
  if (!VISIBLE_ASCII.test(path) || !VISIBLE_ASCII.test(query)) {
    throw notAllowed('the path and the query must be visible ASCII characters');
  }
  if (isAmbiguousPath(path)) {
    throw notAllowed('the path must not hold %2f, %5c, %2e, %25 or a dot segment with a parameter');
  }
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

/** Decodes escapes until none is left, valid or not, as the most generous of readers would. */
function resemblesParameter(parameter: string): boolean {
  const name = parameter.split('=', 1)[0]!;
  return /^x-sw-/i.test(name.includes('%') ? decodedWhole(name) : name);
}

/** Takes time in proportion to the name: escapes never overlap, so each is decoded as soon as it is complete. */
function decodedWhole(name: string): string {
  const decoded: string[] = [];
  for (const character of name) {
    decoded.push(character);
    for (let hex = hexAtEnd(decoded); hex !== undefined; hex = hexAtEnd(decoded)) {
      decoded.splice(-3, 3, String.fromCharCode(Number.parseInt(hex, 16)));
    }
  }
  return decoded.join('');
}

function hexAtEnd(characters: readonly string[]): string | undefined {
  return characters.at(-3) === '%' ? ESCAPE.exec(characters.slice(-3).join(''))?.[1] : undefined;
}

const ESCAPE = /^%([0-9a-f]{2})$/i;

function notAllowed(detail: string): Refusal {
  return new Refusal('path_not_allowed', detail);
}
