/** Text, which goes out as Latin-1, or bytes, which nobody changes any more. */
export type Piece = string | Uint8Array;

/** The part of a socket that is written to. */
export interface Writable {
  /** How many bytes it has taken; below 0 where it is closed. */
  write(data: Uint8Array, offset?: number, length?: number): number;
}

/** What waits to be written to one socket, in its order; small pieces go out in one write. */
export class Outgoing {
  /** Bytes that wait. */
  length = 0;

  private pieces: Piece[] = [];

  push(piece: Piece): void {
    this.pieces.push(piece);
    this.length += piece.length;
  }

  clear(): void {
    this.pieces = [];
    this.length = 0;
  }

  /** Writes what the socket takes; what it does not take waits on. */
  writeTo(socket: Writable): void {
    const { pieces, length } = this;
    // The bytes of one event, mostly: they go out as they are.
    const isOnePiece = pieces.length === 1 && typeof pieces[0] !== 'string';
    if (length <= TOGETHER.length && !isOnePiece) {
      let at = 0;
      for (const piece of pieces) {
        if (typeof piece === 'string') TOGETHER.write(piece, at, 'latin1');
        else TOGETHER.set(piece, at);
        at += piece.length;
      }
      const taken = Math.max(0, socket.write(TOGETHER, 0, length));
      this.clear();
      if (taken < length) this.push(Buffer.copyBytesFrom(TOGETHER, taken, length - taken));
      return;
    }
    while (this.pieces.length > 0) {
      const piece = this.pieces[0]!;
      const bytes = typeof piece === 'string' ? Buffer.from(piece, 'latin1') : piece;
      const taken = Math.max(0, socket.write(bytes));
      this.length -= taken;
      if (taken < bytes.length) {
        this.pieces[0] = bytes.subarray(taken);
        return;
      }
      this.pieces.shift();
    }
  }
}

/** Filled and written in one step, so that all share it. Up to its size copying costs less than a second write. */
const TOGETHER = Buffer.allocUnsafeSlow(64 * 1024);
