import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { nodeHashes } from '../../signing/hashes.ts';
import { parseSignedUrl } from '../../signing/parseSignedUrl.ts';
import { decodeForm } from '../../signing/percentEncoding.ts';
import { Refusal } from '../../signing/refusal.ts';
import { signingKey } from '../../signing/signature.ts';
import { signUrl } from '../../signing/signUrl.ts';
import { verifySignature } from '../../signing/verifySignature.ts';
import { FUZZ_TIMEOUT, fuzzRuns } from '../testing/fuzzRuns.ts';

const URL_SIGNED = signUrl({
  id: 'my-id',
  secret: 'my-secret',
  host: 'https://gw.test',
  proxyUrl: "https://api.test/v1/a%20b?x=(1)&y='2'",
  expiry: 60,
  method: 'POST',
  date: '20261124T101500Z',
  headers: { 'X-Foo': '1' },
  extensions: { 'X-Sw-Subject': 'someone' },
});
const QUERY = URL_SIGNED.slice(URL_SIGNED.indexOf('?') + 1);
const KEY = signingKey('my-secret', '20261124', nodeHashes);

const piece = fc.oneof(
  fc.constantFrom(
    '&',
    '=',
    '%',
    '+',
    ';',
    '%00',
    '%0A',
    '%26',
    '%3D',
    '%58',
    'X-Sw-',
    'X-Sw-Proxy=',
    '&X-Sw-Body=true',
    '#',
    '?',
  ),
  fc.string({ maxLength: 4 }),
);
const mutation = fc.record({
  at: fc.nat({ max: QUERY.length }),
  removed: fc.nat({ max: 6 }),
  inserted: piece,
  from: fc.nat({ max: QUERY.length }),
  copied: fc.nat({ max: 40 }),
});

function mutated(query: string, { at, removed, inserted, from, copied }: Mutation): string {
  return query.slice(0, at) + inserted + query.slice(from, from + copied) + query.slice(at + removed);
}
type Mutation = typeof mutation extends fc.Arbitrary<infer T> ? T : never;

test(
  'a mutated URL is refused, or says the same as before',
  () => {
    const same = JSON.stringify(meaning(QUERY));
    let refused = 0;
    fc.assert(
      fc.property(fc.array(mutation, { minLength: 1, maxLength: 3 }), (mutations) => {
        const query = mutations.reduce(mutated, QUERY);
        try {
          const url = parseSignedUrl(query);
          const header = (name: string) => (name === 'x-foo' ? '1' : null);
          verifySignature(
            url,
            { method: 'POST', header, body: null },
            { signingKeys: () => [KEY], hashes: nodeHashes },
          );
        } catch (error) {
          expect(error).toBeInstanceOf(Refusal);
          refused++;
          return;
        }
        expect(JSON.stringify(meaning(query))).toBe(same);
      }),
      fuzzRuns(5000),
    );
    expect(refused).toBeGreaterThan(0);
  },
  FUZZ_TIMEOUT,
);

/** Every parameter of the protocol with its decoded value, read by other code than the gateway's. */
function meaning(query: string): [string, string | undefined][] {
  return query
    .split('&')
    .map((pair): [string, string | undefined] => {
      const equals = pair.indexOf('=');
      return equals === -1 ? [pair, ''] : [pair.slice(0, equals), decodeForm(pair.slice(equals + 1))];
    })
    .filter(([name]) => name.startsWith('X-Sw-'))
    .toSorted(([one], [other]) => (one < other ? -1 : 1));
}
