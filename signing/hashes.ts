import { createHash, createHmac } from 'node:crypto';

/** The two functions that the protocol is built on; whoever has faster ones hands them in. */
export interface Hashes {
  /** SHA-256 of the UTF-8 of `text` followed by `bytes`, in lower-case hex. */
  sha256Hex(text: string, bytes?: Uint8Array): string;
  /** HMAC-SHA256 with one key, made ready for many messages; a string key is used as UTF-8. */
  hmacSha256(key: string | Uint8Array): Mac;
}

/** The code that authenticates the UTF-8 of a message, in lower-case hex. */
export type Mac = (message: string) => string;

/** `node:crypto`'s: they run in Node, Bun, Deno and in workers with Node compatibility. */
export const nodeHashes: Hashes = {
  sha256Hex(text, bytes) {
    const hash = createHash('sha256').update(text, 'utf8');
    if (bytes !== undefined) hash.update(bytes);
    return hash.digest('hex');
  },
  hmacSha256(key) {
    return (message) => createHmac('sha256', key).update(message, 'utf8').digest('hex');
  },
};
