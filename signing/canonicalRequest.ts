import { trimSpacesAndTabs } from './trimSpacesAndTabs.ts';

/** What a signature covers, but for the body's bytes, which follow the canonical request directly. */
export interface CanonicalParts {
  /** In upper case, or `*` where X-Sw-Methods names the methods. */
  method: string;
  /** The path of the signed URL: `/`, or the base path that a gateway is mounted under. */
  path: string;
  /** The signed parameters, decoded, without the signature; in any order. */
  parameters: readonly Pair[];
  /** The signed headers: lower-case names, values as sent; in any order. */
  headers: readonly Pair[];
}

/** A name and its value. */
export type Pair = readonly [name: string, value: string];

/** Builds the canonical request up to the body (docs/protocol.md, "What is signed"). */
export function canonicalRequest(parts: CanonicalParts, encode: (text: string) => string): string {
  let query = '';
  for (const [name, value] of sortedByName(parts.parameters)) query += `&${encode(name)}=${encode(value)}`;
  let block = '';
  let names = '';
  for (const [name, value] of sortedByName(parts.headers)) {
    block += `\n${name}:${trimSpacesAndTabs(value)}`;
    names += `;${name}`;
  }
  return `${parts.method}\n${parts.path}\n${query.slice(1)}\n${block.slice(1)}\n\n${names.slice(1)}\n`;
}

/** What is in order already, as a parsed URL's parameters mostly are, is not sorted again. */
function sortedByName(pairs: readonly Pair[]): readonly Pair[] {
  for (let i = 1; i < pairs.length; i++) {
    if (pairs[i - 1]![0] > pairs[i]![0]) return pairs.toSorted(([a], [b]) => (a < b ? -1 : 1));
  }
  return pairs;
}
