import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { canonicalQuery, canonicalRequest } from './canonicalRequest.ts';
import { nodeHashes } from './hashes.ts';
import { parseSignedUrl } from './parseSignedUrl.ts';
import { encodeComponent } from './percentEncoding.ts';
import { Refusal } from './refusal.ts';
import { signingKey, stringToSign } from './signature.ts';
import { signUrl } from './signUrl.ts';
import type { SignUrlOptions } from './signUrlOptions.ts';
import { verifySignature } from './verifySignature.ts';

const SECRET = 'a secret';

/** Header values are trimmed by any HTTP parser, so none begins or ends with a space. */
const headerValue = fc.stringMatching(/^[!-~]([ -~]{0,10}[!-~])?$/);
const headerName = fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,8}$/).map((name) => `X-${name}`);
const path = fc
  .string({ unit: 'grapheme', maxLength: 12 })
  .map((text) => encodeURI(text.replace(/[?#]/g, '')));
const input = fc.record({
  id: fc.stringMatching(/^[!-.0-~]{1,12}$/),
  method: fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'DELETE'),
  expiry: fc.nat({ max: 604_800 }),
  proxyUrl: fc
    .tuple(fc.domain(), path, fc.option(fc.webQueryParameters()))
    .map(([host, rest, query]) => `https://${host}/${rest}${query === null ? '' : `?${query}`}`),
  headers: fc
    .uniqueArray(fc.tuple(headerName, headerValue), {
      selector: ([name]) => name.toLowerCase(),
      maxLength: 3,
    })
    .map((pairs) => Object.fromEntries(pairs)),
  body: fc.option(fc.uint8Array({ maxLength: 40 }), { nil: undefined }),
  nonce: fc.option(fc.string({ maxLength: 8 }), { nil: undefined }),
});
type Input = typeof input extends fc.Arbitrary<infer T> ? T : never;

interface Sent {
  method: string;
  path: string;
  query: string;
  headers: Headers;
  body: Uint8Array | null;
}

function sign({ nonce, body, ...rest }: Input): Sent {
  const options: SignUrlOptions = {
    ...rest,
    secret: SECRET,
    host: 'https://gw.test',
    date: '20261124T101500Z',
  };
  if (body !== undefined) options.body = body;
  if (nonce?.isWellFormed()) options.extensions = { 'X-Sw-Nonce': nonce };
  const url = signUrl(options);
  const headers = new Headers(rest.headers);
  if (body !== undefined) headers.set('content-length', String(body.length));
  return {
    method: rest.method,
    path: '/',
    query: url.slice(url.indexOf('?') + 1),
    headers,
    body: body ?? null,
  };
}

function verify(sent: Sent) {
  const url = parseSignedUrl(sent.query);
  return verifySignature(
    url,
    { method: sent.method, header: (name) => sent.headers.get(name), body: sent.body },
    { signingKeys: (day) => [signingKey(SECRET, day, nodeHashes)], paths: [sent.path] },
  );
}

function refused(sent: Sent): boolean {
  try {
    verify(sent);
    return false;
  } catch (error) {
    if (error instanceof Refusal) return true;
    throw error;
  }
}

/** The query with one parameter's decoded value replaced, in the signer's spelling. */
function replaced(query: string, name: string, value: string): string {
  const parameters = new URLSearchParams(query);
  parameters.set(name, value);
  return [...parameters].map(([key, each]) => `${key}=${encodeURIComponent(each)}`).join('&');
}

describe('whatever is signed', () => {
  test('verifies', () => {
    fc.assert(fc.property(input, (each) => verify(sign(each)).url.appId === each.id));
  });

  test('is refused with another method', () => {
    fc.assert(
      fc.property(input, fc.constantFrom('GET', 'POST', 'PUT', 'HEAD', 'get', '*'), (each, method) => {
        fc.pre(method !== each.method);
        return refused({ ...sign(each), method });
      }),
    );
  });

  test('is refused on another path', () => {
    fc.assert(
      fc.property(input, fc.webPath(), (each, other) => refused({ ...sign(each), path: `/x${other}` })),
    );
  });

  test('is refused with any one parameter changed, dropped or added', () => {
    fc.assert(
      fc.property(input, fc.nat(), fc.string(), (each, pick, value) => {
        fc.pre(value.isWellFormed());
        const sent = sign(each);
        const parameters = new URLSearchParams(sent.query);
        const name = [...parameters.keys()][pick % parameters.size]!;
        fc.pre(parameters.get(name) !== value);
        const dropped = sent.query.split('&').filter((pair) => !pair.startsWith(`${name}=`));
        return (
          refused({ ...sent, query: replaced(sent.query, name, value) }) &&
          refused({ ...sent, query: dropped.join('&') }) &&
          refused({ ...sent, query: `${sent.query}&X-Sw-Other=${encodeURIComponent(value)}` })
        );
      }),
    );
  });

  test('is refused with any one byte of the query changed, unless it still decodes to the same', () => {
    fc.assert(
      fc.property(input, fc.nat(), fc.integer({ min: 0x21, max: 0x7e }), (each, pick, code) => {
        const sent = sign(each);
        const at = pick % sent.query.length;
        const query = sent.query.slice(0, at) + String.fromCharCode(code) + sent.query.slice(at + 1);
        fc.pre(String(new URLSearchParams(query)) !== String(new URLSearchParams(sent.query)));
        return refused({ ...sent, query });
      }),
      { numRuns: 500 },
    );
  });

  test('is refused with a signed header changed, dropped or sent a second time', () => {
    fc.assert(
      fc.property(input, headerValue, (each, value) => {
        const [name, signed] = Object.entries(each.headers)[0] ?? [];
        fc.pre(name !== undefined && value !== signed);
        const changed = sign(each);
        changed.headers.set(name!, value);
        const dropped = sign(each);
        dropped.headers.delete(name!);
        const twice = sign(each);
        twice.headers.append(name!, value);
        return refused(changed) && refused(dropped) && refused(twice);
      }),
    );
  });

  test('is refused with another body, of the same length or another', () => {
    fc.assert(
      fc.property(input, fc.nat(), fc.integer({ min: 1, max: 255 }), (each, pick, flip) => {
        fc.pre(each.body !== undefined && each.body.length > 0);
        const sent = sign(each);
        const changed = sent.body!.slice();
        changed[pick % changed.length]! ^= flip;
        return refused({ ...sent, body: changed }) && refused({ ...sent, body: sent.body!.slice(1) });
      }),
    );
  });
});

test('any spelling that decodes to the same values verifies, and means the same', () => {
  fc.assert(
    fc.property(input, fc.infiniteStream(fc.integer({ min: 0, max: 3 })), (each, choices) => {
      const sent = sign(each);
      const respelt = sent.query
        .split('&')
        .map((pair) => {
          const equals = pair.indexOf('=') + 1;
          const bytes = Buffer.from(decodeURIComponent(pair.slice(equals)));
          return (
            pair.slice(0, equals) + [...bytes].map((byte) => spelt(byte, choices.next().value!)).join('')
          );
        })
        .join('&');
      const { upstream, ...rest } = verify({ ...sent, query: respelt }).url;
      const { upstream: signed, ...asSigned } = verify(sent).url;
      expect(rest).toEqual(asSigned);
      return upstream.href === signed.href;
    }),
  );
});

/** One byte of a form field's value: escaped in lower or upper case, or as it is where it may be. */
function spelt(byte: number, choice: number): string {
  const hex = byte.toString(16).padStart(2, '0');
  if (choice === 0) return `%${hex}`;
  if (choice === 1 || byte > 0x7e || byte < 0x20 || '%&+'.includes(String.fromCharCode(byte)))
    return `%${hex.toUpperCase()}`;
  return byte === 0x20 ? '+' : String.fromCharCode(byte);
}

test('a query of any kind is parsed or refused, and never fails in another way', () => {
  const names = ['X-Sw-Proxy', 'X-Sw-Date', 'X-Sw-Nonce', 'X-Sw-__proto__', '__proto__', 'constructor', ''];
  const odd = fc.constantFrom(
    ...['%', '%z', '%00', '%ED%A0%80', '%F0%9F', '\ud800', '\udc00', '\u0000', '\uffff', '+', ';', '/', '\\'],
    ...['https://', 'https://a.test/', '@', '#', '[::', '20261124', 'T', 'Z', '-1', '1e9', 'true', '=', '?'],
  );
  const value = fc.array(fc.oneof(odd, fc.string({ unit: 'binary', maxLength: 4 })), { maxLength: 4 });
  const extra = fc.array(fc.tuple(fc.constantFrom(...names), value), { maxLength: 3 });
  fc.assert(
    fc.property(input, fc.nat(), value, extra, (each, pick, pieces, others) => {
      const pairs = sign(each).query.split('&');
      const at = pick % pairs.length;
      pairs[at] = pairs[at]!.slice(0, pairs[at]!.indexOf('=') + 1) + pieces.join('');
      pairs.splice(at, 0, ...others.map(([name, parts]) => `${name}=${parts.join('')}`));
      // It throws what is no refusal.
      refused({ ...sign(each), query: pairs.join('&') });
    }),
    { numRuns: 2000 },
  );
});

test('the two spellings of the query never widen a signature: both stand for one set of decoded values', () => {
  const marks = fc.string({
    unit: fc.constantFrom("'", '(', ')', '*', '!', 'a', '%', '+', ' ', '~', '&', '=', '/'),
  });
  fc.assert(
    fc.property(input, marks, marks, (each, signedMark, otherMark) => {
      const strict = sign({ ...each, nonce: signedMark });
      const loose = { ...strict, query: signedAsComponent(strict) };
      const other = (sent: Sent) => ({ ...sent, query: replaced(sent.query, 'X-Sw-Nonce', otherMark) });
      expect(verify(strict).url.parameters).toContainEqual(['X-Sw-Nonce', signedMark]);
      expect(verify(loose).url.parameters).toContainEqual(['X-Sw-Nonce', signedMark]);
      return otherMark === signedMark || (refused(other(strict)) && refused(other(loose)));
    }),
  );
});

/** The query as the published JavaScript SDK signs and spells it. */
function signedAsComponent(sent: Sent): string {
  const { parameters, signedHeaders } = parseSignedUrl(sent.query);
  const headers = signedHeaders.map((name) => [name, sent.headers.get(name)!] as const);
  const query = canonicalQuery(parameters, encodeComponent);
  const canonical = canonicalRequest({ method: sent.method, path: '/', query, headers });
  const toSign = stringToSign('20261124T101500Z', nodeHashes.sha256Hex(canonical, sent.body ?? undefined));
  const key = signingKey(SECRET, '20261124', nodeHashes);
  const spelt = [...parameters].map(([name, value]) => `${name}=${encodeComponent(value)}`);
  return `${spelt.join('&')}&X-Sw-Signature=${key(toSign)}`;
}
