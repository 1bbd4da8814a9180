import {
  nodeHashes,
  parseMethods,
  type ReceivedRequest,
  Refusal,
  type SignedUrl,
  signingKey,
  verifySignature,
} from '../signing/index.ts';

/** A request as far as it is known. */
export interface DescribedRequest {
  url: URL;
  /** With a secret the signature is checked. */
  secret?: string | undefined;
  /** In upper case. Default: the methods that requests commonly have are tried. */
  method?: string | undefined;
  headers: Readonly<Record<string, string>>;
  body?: Uint8Array | undefined;
}

export type SignatureVerdict =
  | { readonly verdict: 'not checked'; readonly missing: string }
  | { readonly verdict: 'valid'; readonly methods: readonly string[] }
  | {
      readonly verdict: 'invalid';
      readonly detail: string;
      /** The method that the intermediates are of: the one that was given, else the one that `sign` would take. */
      readonly method?: string;
      /** As this side would have signed it, a body as its SHA-256; absent when the signature cannot be one at all. */
      readonly canonicalRequest?: string;
      readonly stringToSign?: string;
    };

/** Checks a URL's signature as a gateway would over the request that is described. */
export function checkSignature(signed: SignedUrl, request: DescribedRequest): SignatureVerdict {
  const { secret, body } = request;
  if (secret === undefined) return { verdict: 'not checked', missing: 'the secret (SW_SECRET)' };
  const sent = sentHeaders(request);
  const missing = signed.signedHeaders.filter((name) => !sent.has(name) && name !== 'content-length');
  if (missing.length > 0) return { verdict: 'not checked', missing: `-H for ${missing.join(', ')}` };
  if (signed.signsBody && body === undefined) return { verdict: 'not checked', missing: '--body' };

  const signingKeys = (day: string) => [signingKey(secret, day, nodeHashes)];
  const paths = [...new Set(['/', request.url.pathname])];
  const verify = (method: string): Refusal | undefined => {
    const received: ReceivedRequest = {
      method,
      header: (name) => sent.get(name) ?? null,
      body: body ?? null,
    };
    try {
      verifySignature(signed, received, { signingKeys, paths });
      return undefined;
    } catch (error) {
      if (error instanceof Refusal) return error;
      throw error;
    }
  };

  // The method is not in the URL: without -X the one that `sign` takes comes first.
  const assumed = request.method ?? (signed.signsBody ? 'POST' : 'GET');
  const refusal = verify(assumed);
  const named = namedMethods(signed);
  if (refusal === undefined) return { verdict: 'valid', methods: named ?? [assumed] };
  const other =
    named === undefined ? COMMON_METHODS.find((method) => verify(method) === undefined) : undefined;
  if (other !== undefined && request.method === undefined) return { verdict: 'valid', methods: [other] };
  const detail =
    other === undefined
      ? 'the secret, the method, a header, the body or a parameter differs from what was signed'
      : `it was signed for ${other}, not for ${assumed}`;
  return { verdict: 'invalid', detail, method: assumed, ...refusal.options.members };
}

/** The request's headers by their lower-case names; `host` and `content-length` follow from the rest. */
function sentHeaders({ url, headers, body }: DescribedRequest): ReadonlyMap<string, string> {
  const sent = new Map([['host', url.host]]);
  if (body !== undefined) sent.set('content-length', String(body.byteLength));
  for (const [name, value] of Object.entries(headers)) sent.set(name.toLowerCase(), value);
  return sent;
}

const COMMON_METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'];

/** Those of `X-Sw-Methods`; undefined without it. */
function namedMethods({ parameters }: SignedUrl): readonly string[] | undefined {
  const named = parameters.find(([name]) => name === 'X-Sw-Methods')?.[1];
  return named === undefined ? undefined : (parseMethods(named) ?? []);
}
