import { canonicalQuery, canonicalRequest, type Pair } from './canonicalRequest.ts';
import { type Hashes, nodeHashes } from './hashes.ts';
import { differsByComponent, encodeComponent } from './percentEncoding.ts';
import { Refusal } from './refusal.ts';
import { equalSignatures, type SigningKey, stringToSign } from './signature.ts';
import type { SignedUrl } from './signedUrl.ts';
import { trimSpacesAndTabs } from './trimSpacesAndTabs.ts';

/** What of a received request its signature may cover. */
export interface ReceivedRequest {
  readonly method: string;
  /** A header's value by its lower-case name, several lines joined by `, `; null when it was not sent. */
  header(name: string): string | null;
  /** The whole body where the URL signs it; else ignored. */
  readonly body: Uint8Array | null;
}

/** A request whose signature was verified: the only thing an upstream request can be made from. */
export interface VerifiedRequest {
  readonly [verified]: true;
  readonly url: SignedUrl;
  readonly method: string;
  /** The spelling of the canonical query that the signer used. */
  readonly canonicalisation: 'strict' | 'component';
}

export interface VerifyOptions {
  /** The keys of the app's secrets for a day (`YYYYMMDD`): any of them may have signed. */
  signingKeys(day: string): readonly SigningKey[];
  /** The canonical paths to accept. Default: `['/']`. */
  paths?: readonly string[];
  /** Default: {@link nodeHashes}. */
  hashes?: Hashes;
}

/**
 * Checks that every header the URL signs was sent.
 * A signed `content-length` of a signed body is left to the check of its length.
 *
 * @throws {Refusal} `missing_signed_header`; `bad_request` when `Connection` names a signed header, since the
 * header would then be dropped on the way (RFC 9110, section 7.6.1)
 */
export function checkSignedHeaders(url: SignedUrl, request: Pick<ReceivedRequest, 'header'>): void {
  if (url.signedHeaders.length === 0) return;
  for (const name of url.signedHeaders) {
    if (request.header(name) === null && !(url.signsBody && name === 'content-length')) {
      throw new Refusal('missing_signed_header', `the signed header ${name} was not sent`);
    }
  }
  const connection = request.header('connection');
  if (connection === null) return;
  const dropped = new Set(connection.toLowerCase().split(',').map(trimSpacesAndTabs));
  for (const name of url.signedHeaders) {
    if (dropped.has(name)) throw new Refusal('bad_request', 'Connection names a signed header');
  }
}

/**
 * Verifies the signature over what was received (docs/protocol.md, "How it is verified").
 *
 * The detail of a mismatch carries what the caller itself sent, as it was seen here: comparing the two is how
 * a signer finds its mistake.
 *
 * **Security**: nothing that the URL names may be looked up, resolved or called before this has returned.
 *
 * @throws {Refusal} `signature_mismatch`
 */
export function verifySignature(
  url: SignedUrl,
  request: ReceivedRequest,
  options: VerifyOptions,
): VerifiedRequest {
  const { hashes = nodeHashes, paths = ROOT } = options;
  const keys = options.signingKeys(url.day);
  const body = url.signsBody ? (request.body ?? undefined) : undefined;
  const method = url.extensions.includes('X-Sw-Methods') ? '*' : request.method;
  const headers: Pair[] = [];
  for (const name of url.signedHeaders) headers.push([name, receivedValue(url, request, name)]);
  let explanation: { canonical: string; toSign: string } | undefined;
  for (const path of paths) {
    const canonical = canonicalRequest({ method, path, query: url.strictQuery, headers });
    const toSign = stringToSign(url.timestamp, hashes.sha256Hex(canonical, body));
    if (isSigned(toSign, { url, keys })) return verifiedAs('strict', { url, request });
    explanation ??= { canonical, toSign };
  }
  // Mostly the spellings are one: a body, of megabytes perhaps, is not hashed a second time to learn nothing.
  if (differsByComponent(url.strictQuery)) {
    const componentQuery = canonicalQuery(url.parameters, encodeComponent);
    for (const path of paths) {
      const canonical = canonicalRequest({ method, path, query: componentQuery, headers });
      const toSign = stringToSign(url.timestamp, hashes.sha256Hex(canonical, body));
      if (isSigned(toSign, { url, keys })) return verifiedAs('component', { url, request });
    }
  }
  const { canonical, toSign } = explanation!;
  throw new Refusal('signature_mismatch', 'the request is not the one that was signed', {
    members: {
      canonicalRequest: body === undefined ? canonical : canonical + hashes.sha256Hex('', body),
      stringToSign: toSign,
    },
  });
}

function isSigned(toSign: string, { url, keys }: { url: SignedUrl; keys: readonly SigningKey[] }): boolean {
  for (const key of keys) {
    if (equalSignatures(key(toSign), url.signature)) return true;
  }
  return false;
}

function verifiedAs(
  canonicalisation: VerifiedRequest['canonicalisation'],
  { url, request }: { url: SignedUrl; request: ReceivedRequest },
): VerifiedRequest {
  return { url, method: request.method, canonicalisation } as VerifiedRequest;
}

declare const verified: unique symbol;

const ROOT = ['/'];

function receivedValue(url: SignedUrl, request: ReceivedRequest, name: string): string {
  const value = request.header(name);
  // RFC 9112, section 6.3: a request with neither length nor transfer coding has a body of zero octets.
  return value ?? (url.signsBody && name === 'content-length' ? '0' : '');
}
