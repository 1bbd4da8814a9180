/**
 * A part of bytes that nobody changes any more. A small one is copied: a view of the few bytes of a read makes Bun move
 * all of them to another place first, which takes three times as long (Bun 1.4.5), and holds them as long as it lives.
 */
export function part(bytes: Uint8Array, start: number, end: number): Uint8Array {
  if (start === 0 && end === bytes.length) return bytes;
  return end - start <= COPIED ? Buffer.copyBytesFrom(bytes, start, end - start) : bytes.subarray(start, end);
}

const COPIED = 4096;
