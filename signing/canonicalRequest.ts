/** What a signature covers, but for the body's bytes, which follow the canonical request directly. */
export interface CanonicalParts {
  /** In upper case, or `*` where X-Sw-Methods names the methods. */
  method: string;
  /** The path of the signed URL: `/`, or the base path that a gateway is mounted under. */
  path: string;
  /** The signed parameters, decoded, without the signature; in any order. */
  parameters: Iterable<readonly [name: string, value: string]>;
  /** The signed headers: lower-case names, values as sent; in any order. */
  headers: readonly (readonly [name: string, value: string])[];
}

/** Builds the canonical request up to the body (docs/protocol.md, "What is signed"). */
export function canonicalRequest(parts: CanonicalParts, encode: (text: string) => string): string {
  const headers = sortedByName(parts.headers);
  const query = canonicalQuery(parts.parameters, encode);
  const block = headers.map(([name, value]) => `${name}:${trimSpacesAndTabs(value)}`).join('\n');
  const names = headers.map(([name]) => name).join(';');
  return `${parts.method}\n${parts.path}\n${query}\n${block}\n\n${names}\n`;
}

function canonicalQuery(parameters: CanonicalParts['parameters'], encode: (text: string) => string): string {
  let query = '';
  for (const [name, value] of sortedByName(parameters)) {
    query += `${query === '' ? '' : '&'}${encode(name)}=${encode(value)}`;
  }
  return query;
}

/** What is in order already, as a parsed URL's parameters mostly are, is not sorted again. */
function sortedByName(pairs: Iterable<Pair>): readonly Pair[] {
  const list = [...pairs];
  for (let i = 1; i < list.length; i++) {
    if (list[i - 1]![0] > list[i]![0]) return list.sort(([a], [b]) => (a < b ? -1 : 1));
  }
  return list;
}

type Pair = readonly [name: string, value: string];

function trimSpacesAndTabs(value: string): string {
  return value.replace(/^[ \t]+|[ \t]+$/g, '');
}
