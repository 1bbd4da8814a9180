import { trimSpacesAndTabs } from './trimSpacesAndTabs.ts';

/** What a signature covers, but for the body's bytes, which follow the canonical request directly. */
export interface CanonicalParts {
  /** In upper case, or `*` where X-Sw-Methods names the methods. */
  method: string;
  /** The path of the signed URL: `/`, or the base path that a gateway is mounted under. */
  path: string;
  /** By {@link canonicalQuery}. */
  query: string;
  /** The signed headers: lower-case names, values as sent; in any order. */
  headers: readonly Pair[];
}

/** A name and its value. */
export type Pair = readonly [name: string, value: string];

/** Builds the canonical request up to the body (docs/protocol.md, "What is signed"). */
export function canonicalRequest({ method, path, query, headers }: CanonicalParts): string {
  let block = '';
  let names = '';
  for (const [name, value] of sortedByName(headers)) {
    block += `\n${name}:${trimSpacesAndTabs(value)}`;
    names += `;${name}`;
  }
  return `${method}\n${path}\n${query}\n${block.slice(1)}\n\n${names.slice(1)}\n`;
}

/** The signed parameters, decoded and without the signature, in any order, as one text. */
export function canonicalQuery(parameters: readonly Pair[], encode: (text: string) => string): string {
  let query = '';
  // No parameter's name has a character to encode.
  for (const [name, value] of sortedByName(parameters)) query += `&${name}=${encode(value)}`;
  return query.slice(1);
}

/** What is in order already, as a parsed URL's parameters mostly are, is not sorted again. */
function sortedByName(pairs: readonly Pair[]): readonly Pair[] {
  for (let i = 1; i < pairs.length; i++) {
    if (pairs[i - 1]![0] > pairs[i]![0]) return pairs.toSorted(([a], [b]) => (a < b ? -1 : 1));
  }
  return pairs;
}
