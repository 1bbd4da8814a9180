import {
  checkValidity,
  nodeHashes,
  parseSignedUrl,
  type ReceivedRequest,
  Refusal,
  type RefusalCode,
  type SignedUrl,
  signingKey,
  verifySignature,
} from '../signing/index.ts';

export interface InspectionInput {
  url: URL;
  /** The query as it was given: the URL parser escapes some of it anew. */
  query: string;
  /** Milliseconds since the epoch. */
  now: number;
  /** With a secret the signature is checked. */
  secret?: string | undefined;
  /** Default: the methods that requests commonly have are tried. */
  method?: string | undefined;
  headers: Readonly<Record<string, string>>;
  body?: Uint8Array | undefined;
}

/** What a signed URL says and whether it holds. */
export interface Inspection {
  /** Null when it is no well-formed signed URL. */
  readonly signed: SignedUrl | null;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number | null;
  readonly signature: SignatureVerdict;
  /** What a gateway with the default limits would refuse first; null when nothing is wrong as far as is known. */
  readonly refusal: { readonly code: RefusalCode; readonly detail: string } | null;
}

export type SignatureVerdict =
  | { readonly verdict: 'not checked'; readonly missing: string }
  | { readonly verdict: 'valid'; readonly method: string }
  | {
      readonly verdict: 'invalid';
      readonly detail: string;
      /** As this side would have signed them; absent when the signature cannot be one at all. */
      readonly canonicalRequest?: string | undefined;
      readonly stringToSign?: string | undefined;
    };

/** Takes a signed URL apart and checks it as a gateway would, without one. It calls nobody. */
export function inspectUrl(input: InspectionInput): Inspection {
  let signed: SignedUrl;
  try {
    signed = parseSignedUrl(input.query);
  } catch (error) {
    const refusal = asRefusal(error);
    const { code, message: detail } = refusal;
    return {
      signed: null,
      expiresAt: null,
      signature: { verdict: 'invalid', detail },
      refusal: { code, detail },
    };
  }
  const signature = checkSignature(signed, input);
  return {
    signed,
    expiresAt: signed.signedAt + signed.expires * 1000,
    signature,
    refusal: validityRefusal(signed, input.now) ?? signatureRefusal(signature),
  };
}

function checkSignature(signed: SignedUrl, input: InspectionInput): SignatureVerdict {
  const { secret, method, url } = input;
  if (secret === undefined) return { verdict: 'not checked', missing: 'the secret (SW_SECRET)' };
  const sent = sentHeaders(input);
  const missing = signed.signedHeaders.filter((name) => !sent.has(name) && name !== 'content-length');
  if (missing.length > 0) return { verdict: 'not checked', missing: `-H for ${missing.join(', ')}` };
  if (signed.signsBody && input.body === undefined) return { verdict: 'not checked', missing: '--body' };

  const key = (day: string) => [signingKey(secret, day, nodeHashes)];
  let first: Refusal | undefined;
  for (const each of method === undefined ? COMMON_METHODS : [method.toUpperCase(), ...COMMON_METHODS]) {
    const request: ReceivedRequest = {
      method: each,
      header: (name) => sent.get(name) ?? null,
      body: input.body ?? null,
    };
    try {
      verifySignature(signed, request, { signingKeys: key, paths: [...new Set(['/', url.pathname])] });
    } catch (error) {
      first ??= asRefusal(error);
      continue;
    }
    if (method === undefined || method.toUpperCase() === each) return { verdict: 'valid', method: each };
    return { verdict: 'invalid', detail: `it was signed for ${each}, not for ${method.toUpperCase()}` };
  }
  return {
    verdict: 'invalid',
    detail: 'the secret, the method, a header, the body or a parameter differs from what was signed',
    ...first?.options.members,
  };
}

/** The request's headers by their lower-case names; `host` and `content-length` follow from the rest. */
function sentHeaders({ url, headers, body }: InspectionInput): ReadonlyMap<string, string> {
  const sent = new Map([['host', url.host]]);
  if (body !== undefined) sent.set('content-length', String(body.byteLength));
  for (const [name, value] of Object.entries(headers)) sent.set(name.toLowerCase(), value);
  return sent;
}

const COMMON_METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'];

function validityRefusal(signed: SignedUrl, now: number): Inspection['refusal'] {
  try {
    checkValidity(signed, now);
    return null;
  } catch (error) {
    const { code, message: detail } = asRefusal(error);
    return { code, detail };
  }
}

function signatureRefusal(signature: SignatureVerdict): Inspection['refusal'] {
  return signature.verdict === 'invalid' ? { code: 'signature_mismatch', detail: signature.detail } : null;
}

function asRefusal(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  throw error;
}
