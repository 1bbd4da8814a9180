import { createHash, createHmac } from 'node:crypto';

/** The two functions that the protocol is built on; whoever has faster ones hands them in. */
export interface Hashes {
  /** SHA-256 of the UTF-8 of `text` followed by `bytes`, in lower-case hex. */
  sha256Hex(text: string, bytes?: Uint8Array): string;
  /** HMAC-SHA256 of the UTF-8 of `message`, in lower-case hex; a string key is used as UTF-8. */
  hmacSha256Hex(key: string | Uint8Array, message: string): string;
}

/** `node:crypto`'s: they run in Node, Bun, Deno and in workers with Node compatibility. */
export const nodeHashes: Hashes = {
  sha256Hex(text, bytes) {
    const hash = createHash('sha256').update(text, 'utf8');
    if (bytes !== undefined) hash.update(bytes);
    return hash.digest('hex');
  },
  hmacSha256Hex(key, message) {
    return createHmac('sha256', key).update(message, 'utf8').digest('hex');
  },
};
