import { canonicalQuery, canonicalRequest, type Pair } from '../../signing/canonicalRequest.ts';
import { nodeHashes } from '../../signing/hashes.ts';
import { encodeStrict } from '../../signing/percentEncoding.ts';
import { signingKey, stringToSign } from '../../signing/signature.ts';
import { formatTimestamp } from '../../signing/timestamp.ts';
import { APP } from './gateway.ts';

/**
 * The query of a GET's signed URL whose upstream is any text, signed as it is: what a holder of the secret who
 * means harm can send, and the signer of this project would not make.
 */
export function signUnnormalised(proxyUrl: string): string {
  const timestamp = formatTimestamp(new Date());
  const day = timestamp.slice(0, 8);
  const parameters: Pair[] = [
    ['X-Sw-Algorithm', 'SW1-HMAC-SHA256'],
    ['X-Sw-Credential', `${APP.id}/${day}`],
    ['X-Sw-Date', timestamp],
    ['X-Sw-Expires', '60'],
    ['X-Sw-Proxy', proxyUrl],
    ['X-Sw-SignedHeaders', ''],
    ['X-Sw-Body', 'false'],
  ];
  const canonical = canonicalRequest({
    method: 'GET',
    path: '/',
    query: canonicalQuery(parameters, encodeStrict),
    headers: [],
  });
  const toSign = stringToSign(timestamp, nodeHashes.sha256Hex(canonical));
  const signed = signingKey(APP.secret, day, nodeHashes)(toSign);
  const query = parameters.map(([name, value]) => `${name}=${encodeStrict(value)}`).join('&');
  return `${query}&X-Sw-Signature=${signed}`;
}
