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
  const headers = parts.headers.toSorted(byName);
  return [
    parts.method,
    parts.path,
    canonicalQuery(parts.parameters, encode),
    headers.map(([name, value]) => `${name}:${trimSpacesAndTabs(value)}`).join('\n'),
    '',
    headers.map(([name]) => name).join(';'),
    '',
  ].join('\n');
}

function canonicalQuery(parameters: CanonicalParts['parameters'], encode: (text: string) => string): string {
  return [...parameters]
    .sort(byName)
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .join('&');
}

function byName(a: readonly [string, string], b: readonly [string, string]): number {
  return a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0;
}

function trimSpacesAndTabs(value: string): string {
  return value.replace(/^[ \t]+|[ \t]+$/g, '');
}
