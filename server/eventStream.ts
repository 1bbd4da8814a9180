import type { RefusalCode } from '../signing/refusal.ts';
import { isField } from './http1/fieldName.ts';
import { part } from './http1/part.ts';
import { problemDocument } from './problem.ts';
import type { HeaderPairs } from './transport/transport.ts';

export function isEventStream(headers: HeaderPairs): boolean {
  const type = headers.find(([name]) => isField(name, 'Content-Type'));
  return type !== undefined && /^text\/event-stream\s*(?:;|$)/i.test(type[1]);
}

/**
 * Remembers how an event stream's bytes so far end. It decodes nothing, and mostly copies nothing: this runs for every
 * event, and the question is asked once.
 */
export class EventStreamTail {
  /** The last piece, where that is long enough. */
  private piece: Uint8Array | null = null;
  private pieceEnd = 0;
  /** Else the last bytes of several. */
  private last: Uint8Array | null = null;
  private length = 0;

  /** Takes the bytes from `start` to `end`. */
  push(bytes: Uint8Array, start: number, end: number): void {
    if (end - start < TAIL_BYTES) this.append(bytes, start, end);
    // A silent stream does not hold a large read for its end.
    else if (bytes.length > HELD_BYTES)
      this.hold(Buffer.copyBytesFrom(bytes, end - TAIL_BYTES, TAIL_BYTES), TAIL_BYTES);
    else this.hold(bytes, end);
  }

  /** True when an API's own last event was the last: `data: [DONE]`, or Anthropic's `message_stop`. */
  get sawEndMarker(): boolean {
    return /(?:data: ?\[DONE\]|"type": ?"message_stop"[^\r\n]*)[\r\n]*$/.test(this.text);
  }

  /** True between two events, where another may be written without completing a broken one. */
  get betweenEvents(): boolean {
    const { text } = this;
    return text === '' || EMPTY_LINE.test(text);
  }

  private hold(piece: Uint8Array, end: number): void {
    this.piece = piece;
    this.pieceEnd = end;
  }

  private append(bytes: Uint8Array, start: number, end: number): void {
    const last = this.several();
    const kept = Math.min(this.length, TAIL_BYTES - (end - start));
    last.copyWithin(0, this.length - kept, this.length);
    this.length = kept;
    for (let at = start; at < end; at++) last[this.length++] = bytes[at]!;
  }

  /** The last bytes of several pieces, to which the last one has been added. */
  private several(): Uint8Array {
    this.last ??= new Uint8Array(TAIL_BYTES);
    if (this.piece !== null) {
      this.last.set(part(this.piece, this.pieceEnd - TAIL_BYTES, this.pieceEnd));
      this.length = TAIL_BYTES;
      this.piece = null;
    }
    return this.last;
  }

  private get text(): string {
    return Buffer.from(this.several()).toString('latin1', 0, this.length);
  }
}

/** The event that tells a client why the gateway ends its stream; the stream then ends uncleanly. */
export function errorEvent(code: RefusalCode, detail: string): Uint8Array {
  return new TextEncoder().encode(`event: signway.error\ndata: ${problemDocument(code, detail)}\n\n`);
}

const TAIL_BYTES = 128;
const HELD_BYTES = 1024;

/** Two ends of lines, of which there are three kinds (HTML, section 9.2.5). */
const EMPTY_LINE = /(?:\r\n|\n|\r(?!\n))(?:\r\n|\n|\r)$/;
