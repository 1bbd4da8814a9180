import type { Hashes } from '../signing/hashes.ts';

/** Bun's own hash functions: 0.4 µs an HMAC where `node:crypto` takes 0.9. */
export const bunHashes: Hashes = {
  sha256Hex(text, bytes) {
    if (bytes === undefined) return Bun.SHA256.hash(text, 'hex');
    return new Bun.CryptoHasher('sha256').update(text, 'utf8').update(bytes).digest('hex');
  },
  hmacSha256Hex(key, message) {
    return new Bun.CryptoHasher('sha256', key).update(message, 'utf8').digest('hex');
  },
};
