import { canonicalQuery, canonicalRequest } from './canonicalRequest.ts';
import { type Hashes, nodeHashes } from './hashes.ts';
import { ALGORITHM } from './parameters.ts';
import { encodeStrict } from './percentEncoding.ts';
import { signingKey, stringToSign } from './signature.ts';
import { checkSignUrlOptions, type SignUrlOptions } from './signUrlOptions.ts';

/** A signed URL with the intermediates that led to it, so that two signers can be compared step by step. */
export interface Signed {
  url: string;
  /** Up to the body, whose bytes follow it directly. */
  canonicalRequest: string;
  stringToSign: string;
  signature: string;
}

/**
 * Makes a signed URL, without any network call (docs/protocol.md).
 *
 * @throws {SigningError} when an option cannot be signed
 * @example
 * const url = signUrl({
 *   id: 'my-id',
 *   secret: process.env.SW_SECRET,
 *   host: 'https://gw.example.com',
 *   proxyUrl: 'https://api.openai.com/v1/chat/completions',
 *   expiry: 60,
 *   method: 'POST',
 * });
 */
export function signUrl(options: SignUrlOptions): string {
  return sign(options).url;
}

/** As {@link signUrl}, with the intermediates, and with hash functions of one's own. */
export function sign(options: SignUrlOptions, hashes: Hashes = nodeHashes): Signed {
  const checked = checkSignUrlOptions(options);
  const { timestamp, headers, body, extensions } = checked;
  const day = timestamp.slice(0, 8);
  const parameters: (readonly [string, string])[] = [
    ['X-Sw-Algorithm', ALGORITHM],
    ['X-Sw-Credential', `${checked.id}/${day}`],
    ['X-Sw-Date', timestamp],
    ['X-Sw-Expires', checked.expires],
    ['X-Sw-Proxy', checked.proxyUrl],
    ['X-Sw-SignedHeaders', headers.map(([name]) => name).join(';')],
    ['X-Sw-Body', String(body !== undefined)],
    ...extensions,
  ];
  const method = extensions.some(([name]) => name === 'X-Sw-Methods') ? '*' : checked.method;
  const canonical = canonicalRequest({
    method,
    path: '/',
    query: canonicalQuery(parameters, encodeStrict),
    headers,
  });
  const toSign = stringToSign(timestamp, hashes.sha256Hex(canonical, body));
  const signature = signingKey(checked.secret, day, hashes)(toSign);
  const query = parameters.map(([name, value]) => `${name}=${encodeStrict(value)}`).join('&');
  return {
    url: `${checked.host}?${query}&X-Sw-Signature=${signature}`,
    canonicalRequest: canonical,
    stringToSign: toSign,
    signature,
  };
}
