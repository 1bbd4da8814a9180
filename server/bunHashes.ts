import type { Hashes } from '../signing/hashes.ts';

/**
 * Bun's own hash functions, as bytes in one step: 0.3 µs an HMAC where `node:crypto` takes 0.5, and no object of each
 * message that the garbage collector would have to end.
 */
export const bunHashes: Hashes = {
  sha256Hex(text, bytes) {
    if (bytes === undefined) return Bun.SHA256.hash(text, 'hex');
    return new Bun.CryptoHasher('sha256').update(text, 'utf8').update(bytes).digest('hex');
  },

  // RFC 2104, section 2: the hash of the outer pad and of the hash of the inner pad and the message.
  hmacSha256(key) {
    const pads = padsOf(typeof key === 'string' ? Buffer.from(key) : key);
    return (message) => {
      // A character has three bytes at most.
      if (message.length > LONGEST)
        return new Bun.CryptoHasher('sha256', key).update(message, 'utf8').digest('hex');
      SCRATCH.set(pads);
      Bun.SHA256.hash(innerOf(SCRATCH.write(message, MESSAGE_AT)), INNER_HASH);
      return Bun.SHA256.hash(OUTER, 'hex');
    };
  },
};

/** Both pads of a key as they stand in the scratch. A key longer than a block is its hash. */
function padsOf(key: Uint8Array): Uint8Array {
  const pads = new Uint8Array(MESSAGE_AT);
  const block = key.length > BLOCK ? (Bun.SHA256.hash(key) as Uint8Array) : key;
  for (let index = 0; index < BLOCK; index++) {
    const byte = block[index] ?? 0;
    pads[index] = byte ^ 0x5c;
    pads[INNER_AT + index] = byte ^ 0x36;
  }
  return pads;
}

/** The inner pad and a message of so many bytes: strings to sign are all of one length. */
function innerOf(length: number): Uint8Array {
  if (inner.length !== BLOCK + length) inner = SCRATCH.subarray(INNER_AT, MESSAGE_AT + length);
  return inner;
}

/** Bytes of SHA-256's blocks. */
const BLOCK = 64;
const LONGEST = 256;

// Filled and hashed in one step, so that all share it: the outer pad, the inner hash, the inner pad, the message.
const INNER_AT = BLOCK + 32;
const MESSAGE_AT = INNER_AT + BLOCK;
const SCRATCH = Buffer.allocUnsafeSlow(MESSAGE_AT + 3 * LONGEST);
const OUTER = SCRATCH.subarray(0, INNER_AT);
const INNER_HASH = SCRATCH.subarray(BLOCK, INNER_AT);
let inner = SCRATCH.subarray(INNER_AT);
