import type { Piece } from './outgoing.ts';

/**
 * Writes one chunk of the chunked transfer coding (RFC 9112, section 7.1), piece by piece. `bytes` must not be empty:
 * that is the last one.
 */
export function writeChunk(bytes: Uint8Array, to: { write(piece: Piece): unknown }): void {
  to.write(`${bytes.length.toString(16)}\r\n`);
  to.write(bytes);
  to.write('\r\n');
}

export const LAST_CHUNK = '0\r\n\r\n';
