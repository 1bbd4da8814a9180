import { describe, expect, test } from 'bun:test';
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { nodeHashes } from '../signing/hashes.ts';
import { equalSignatures, SIGNATURE } from '../signing/signature.ts';
import { bunHashes } from './bunHashes.ts';

/** Of RFC 4231, section 4, those whose data are text. */
const VECTORS = [
  ['Hi There', Buffer.alloc(20, 0x0b), 'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7'],
  [
    'what do ya want for nothing?',
    Buffer.from('Jefe'),
    '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  ],
  [
    'Test Using Larger Than Block-Size Key - Hash Key First',
    Buffer.alloc(131, 0xaa),
    '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
  ],
  [
    'This is a test using a larger than block-size key and a larger than block-size data. ' +
      'The key needs to be hashed before being used by the HMAC algorithm.',
    Buffer.alloc(131, 0xaa),
    '9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2',
  ],
] as const;

// Wycheproof's (github.com/C2SP/wycheproof), where someone has them:
// SIGNWAY_WYCHEPROOF=…/hmac_sha256_test.json bun test server/bunHashes
const wycheproof = process.env.SIGNWAY_WYCHEPROOF;

describe.each([
  ["Bun's", bunHashes],
  ["Node's", nodeHashes],
])('%s hashes', (_, { hmacSha256, sha256Hex }) => {
  test.each(VECTORS)('authenticate as RFC 4231 says: %s', (message, key, expected) => {
    expect(hmacSha256(key)(message)).toBe(expected);
  });

  test('take text as UTF-8, and bytes behind it', () => {
    const whole = sha256Hex('é…', Buffer.from('body'));
    expect(whole).toBe(sha256Hex('é…body'));
    expect(sha256Hex('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
    expect(hmacSha256('é')('ü')).toBe(hmacSha256(Buffer.from('é'))('ü'));
  });

  test('authenticate one message after the other, of any length', () => {
    const mac = hmacSha256('a key');
    const expected = (message: string) => createHmac('sha256', 'a key').update(message).digest('hex');
    for (const message of ['', 'x'.repeat(106), 'é'.repeat(200), '…'.repeat(9000), 'x'.repeat(106), 'y']) {
      expect(mac(message)).toBe(expected(message));
    }
  });

  test.skipIf(wycheproof === undefined)('agree with Wycheproof in every message that is text', () => {
    const groups: WycheproofGroup[] = JSON.parse(readFileSync(wycheproof!, 'utf8')).testGroups;
    let judged = 0;
    for (const { key, msg, tag, result } of groups.flatMap(({ tests }) => tests)) {
      const bytes = Buffer.from(msg, 'hex');
      if (!Buffer.from(bytes.toString()).equals(bytes)) continue;
      const made = hmacSha256(Buffer.from(key, 'hex'))(bytes.toString());
      // A tag that is cut is no signature, right as it may be.
      const accepted = SIGNATURE.test(tag) && equalSignatures(made, tag);
      expect(accepted).toBe(result === 'valid' && tag.length === 64);
      judged++;
    }
    expect(judged).toBeGreaterThan(100);
  });
});

interface WycheproofGroup {
  readonly tests: readonly { key: string; msg: string; tag: string; result: string }[];
}
