import { describe, expect, test } from 'bun:test';
import { checkValidity } from './checkValidity.ts';
import { nodeHashes } from './hashes.ts';
import { parseSignedUrl } from './parseSignedUrl.ts';
import { REFUSALS, Refusal, type RefusalCode } from './refusal.ts';
import { signingKey } from './signature.ts';
import { signedBodyLength } from './signedBodyLength.ts';
import { parseTimestamp } from './timestamp.ts';
import accept from './vectors/accept.json';
import refuse from './vectors/refuse.json';
import { checkSignedHeaders, type VerifiedRequest, verifySignature } from './verifySignature.ts';

interface Vector {
  now: string;
  id: string;
  secret: string;
  expiryCap?: number;
  request: { method: string; url: string; headers: Record<string, string>; body: string | null };
}

/** The pure checks in the protocol's order; the app's look-up is the comparison of the id. */
function verify(vector: Vector): VerifiedRequest {
  const { request } = vector;
  const headers = new Headers(request.headers);
  const received = {
    method: request.method,
    header: (name: string) => headers.get(name),
    body: request.body === null ? null : new TextEncoder().encode(request.body),
  };
  const url = parseSignedUrl(request.url.slice(request.url.indexOf('?') + 1));
  checkValidity(url, parseTimestamp(vector.now)!, { maxExpiry: vector.expiryCap ?? 604_800, clockSkew: 300 });
  if (url.appId !== vector.id) throw new Refusal('unknown_app', 'unknown');
  checkSignedHeaders(url, received);
  if (url.signsBody) signedBodyLength(received);
  const verified = verifySignature(url, received, {
    signingKeys: (day) => [
      signingKey('an older secret', day, nodeHashes),
      signingKey(vector.secret, day, nodeHashes),
    ],
  });
  if (url.extensions.length > 0) throw new Refusal('unknown_parameter', url.extensions.join());
  return verified;
}

function refusalOf(vector: Vector): Refusal {
  try {
    verify(vector);
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

describe('accepts', () => {
  test.each(
    accept.vectors as unknown as (Vector & { name: string; proxyUrl: string; canonicalisation: string })[],
  )('$name', (vector) => {
    const verified = verify(vector);
    expect(verified.canonicalisation).toBe(vector.canonicalisation as 'strict');
    expect(verified.url.parameters).toContainEqual(['X-Sw-Proxy', vector.proxyUrl]);
  });
});

describe('refuses', () => {
  // The path is the server's to judge: the vector runs there, over HTTP.
  const pure = refuse.vectors.filter((vector) => vector.name !== 'another path');
  expect(pure.length).toBe(refuse.vectors.length - 1);

  test.each(pure as unknown as (Vector & { name: string; code: RefusalCode; status: number })[])(
    '$name',
    (vector) => {
      const refusal = refusalOf(vector);
      expect(refusal.code).toBe(vector.code);
      expect(REFUSALS[refusal.code].status).toBe(vector.status as 400);
    },
  );

  test('a wrong signature with the canonical request and string to sign as they were seen', () => {
    const changed = refuse.vectors.find((vector) => vector.name === 'signed body changed')!;
    const { members } = refusalOf(changed as unknown as Vector).options;
    expect(members?.canonicalRequest).toEndWith(
      `\ncontent-length;content-type\n${nodeHashes.sha256Hex(changed.request.body!)}`,
    );
    expect(members?.stringToSign).toStartWith('SW1-HMAC-SHA256\n20261124T101500Z\n20261124\n');
  });

  test('each of the 256 bits of a signature flipped', () => {
    const vector = accept.vectors[0] as unknown as Vector;
    const at = vector.request.url.length - 64;
    for (let bit = 0; bit < 256; bit++) {
      const digit = at + (bit >> 2);
      const flipped = (Number.parseInt(vector.request.url[digit]!, 16) ^ (1 << (bit & 3))).toString(16);
      const url = vector.request.url.slice(0, digit) + flipped + vector.request.url.slice(digit + 1);
      expect(refusalOf({ ...vector, request: { ...vector.request, url } }).code).toBe('signature_mismatch');
    }
  });

  test('a Connection that names a signed header', () => {
    const vector = accept.vectors.find(
      (each) => each.name === 'one-signed-header by python',
    ) as unknown as Vector;
    const headers = { ...vector.request.headers, Connection: 'keep-alive, X-Foo' };
    expect(refusalOf({ ...vector, request: { ...vector.request, headers } }).code).toBe('bad_request');
  });
});

describe('hashing', () => {
  const vector = accept.vectors.find((each) => each.name === 'signed-body-and-header by python');

  test('a request that matches is hashed once, one that does not twice and never again for its explanation', () => {
    const counted = (signature: string | undefined) => {
      const { request } = vector as unknown as Vector;
      const url = signature === undefined ? request.url : request.url.slice(0, -64) + signature;
      const hashed: number[] = [];
      const hashes = {
        ...nodeHashes,
        sha256Hex(text: string, bytes?: Uint8Array) {
          if (bytes !== undefined) hashed.push(text.length);
          return nodeHashes.sha256Hex(text, bytes);
        },
      };
      const headers = new Headers(request.headers);
      const received = {
        method: request.method,
        header: (name: string) => headers.get(name),
        body: new TextEncoder().encode(request.body!),
      };
      const options = { signingKeys: () => [signingKey('my-secret', '20261124', nodeHashes)], hashes };
      try {
        verifySignature(parseSignedUrl(url.slice(url.indexOf('?') + 1)), received, options);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
      }
      return hashed.length;
    };
    expect(counted(undefined)).toBe(1);
    // Once with the canonical request and once alone: the two spellings of this query are the same.
    expect(counted('0'.repeat(64))).toBe(2);
  });
});

test('a secret that is no text makes no key: it would be one that everyone knows', () => {
  for (const secret of [undefined, null, '', 7]) {
    expect(() => signingKey(secret as string, '20261124', nodeHashes)).toThrow(TypeError);
  }
});
