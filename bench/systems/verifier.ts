import {
  checkSignedHeaders,
  checkValidity,
  nodeHashes,
  parseSignedUrl,
  type SigningKey,
  signingKey,
  type VerifiedRequest,
  verifySignature,
} from '../../signing/index.ts';

export interface RequestToVerify {
  readonly method: string;
  /** The request target: path and query. */
  readonly target: string;
  header(name: string): string | null;
}

/**
 * The verification that the gateways of a team's own get: this project's, with its key kept for the day, so that
 * what differs from this gateway is the server and the client. Nothing in the bench signs a body.
 *
 * @throws {Refusal} as its steps do
 */
export function createVerifier(secret: string): (request: RequestToVerify) => VerifiedRequest {
  const keys = new Map<string, readonly SigningKey[]>();
  return ({ method, target, header }) => {
    const url = parseSignedUrl(target.slice(target.indexOf('?') + 1));
    checkValidity(url, Date.now());
    checkSignedHeaders(url, { header });
    return verifySignature(url, { method, header, body: null }, { signingKeys });
  };

  function signingKeys(day: string): readonly SigningKey[] {
    const known = keys.get(day);
    if (known !== undefined) return known;
    const fresh = [signingKey(secret, day, nodeHashes)];
    keys.set(day, fresh);
    return fresh;
  }
}
