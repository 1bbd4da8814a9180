import { FieldSection, type SectionKind } from './fieldSection.ts';
import { MalformedMessage } from './malformedMessage.ts';
import { part } from './part.ts';

export const CHUNK_LIMITS = {
  /** Bytes of one chunk's size line after its digits: extensions are skipped, never stored. */
  extensionBytes: 8 * 1024,
  /** Bytes of all extensions that a body may have beyond those of its data. */
  extensionExcess: 16 * 1024,
  trailerBytes: 8 * 1024,
  trailerFields: 128,
} as const;

export interface ChunkSink {
  bodyParsed(bytes: Uint8Array): void;
  /** Gets a piece as the chunk that it came in: its own bytes are those from `start` to `end`. Default: `bodyParsed`. */
  chunkParsed?(chunk: Uint8Array, start: number, end: number): void;
}

/**
 * Decodes the chunked transfer coding (RFC 9112, section 7.1), from bytes that come in any split. Extensions
 * are skipped; trailers are checked as fields and dropped (RFC 9110, section 6.5.1). Throws
 * {@link MalformedMessage}.
 */
export class ChunkedBody {
  done = false;

  private readonly sink: ChunkSink;
  private readonly folding: boolean;
  private state: State = AT_SIZE;
  /** Bytes of the chunk still to come; while its size is read, the size so far. */
  private left = 0;
  private digits = 0;
  private extensionBytes = 0;
  /** Bytes of extensions so far, less those of data. */
  private excess = 0;
  private extensionOpen = false;
  private trailers: FieldSection | null = null;

  /** `sink` gets parts of the pushed bytes, never empty ones. `folding` is that of {@link FieldSection}. */
  constructor(sink: ChunkSink, { folding = true } = {}) {
    this.sink = sink;
    this.folding = folding;
  }

  /** Takes bytes from `offset` on; returns the offset after the last one that belongs to the body. */
  push(bytes: Buffer, offset: number): number {
    let at = offset;
    const end = bytes.length;
    while (at < end) {
      if (this.state === IN_DATA) {
        if (this.isOneChunk(bytes, at)) return this.readOneChunk(bytes, at);
        const stop = Math.min(end, at + this.left);
        this.sink.bodyParsed(part(bytes, at, stop));
        this.left -= stop - at;
        this.excess -= stop - at;
        at = stop;
        if (this.left === 0) this.state = AT_DATA_CR;
      } else if (this.state === IN_TRAILERS) {
        at = this.readTrailers(bytes, at);
        if (this.done) return at;
      } else {
        this.step(bytes[at]!);
        at++;
      }
    }
    return at;
  }

  /** Whether the bytes are one chunk and nothing else: its size, without an extension, and its data from `at` on. */
  private isOneChunk(bytes: Buffer, at: number): boolean {
    const stop = at + this.left;
    return (
      this.extensionBytes === 0 &&
      at === this.digits + 2 &&
      stop + 2 === bytes.length &&
      bytes[stop] === CR &&
      bytes[stop + 1] === LF &&
      this.sink.chunkParsed !== undefined
    );
  }

  private readOneChunk(bytes: Buffer, at: number): number {
    const { left } = this;
    this.left = 0;
    this.excess -= left;
    this.beginChunk();
    this.sink.chunkParsed!(bytes, at, at + left);
    return bytes.length;
  }

  private step(code: number): void {
    switch (this.state) {
      case AT_SIZE:
        this.size(code);
        break;
      case IN_EXTENSION:
        this.extension(code);
        break;
      case AT_SIZE_LF:
        if (code !== LF) throw fault('bare CR');
        this.state = this.left === 0 ? IN_TRAILERS : IN_DATA;
        break;
      case AT_DATA_CR:
        if (code !== CR) throw fault('data past its size');
        this.state = AT_DATA_LF;
        break;
      default:
        if (code !== LF) throw fault('data past its size');
        this.beginChunk();
    }
  }

  private beginChunk(): void {
    this.digits = 0;
    this.state = AT_SIZE;
  }

  private size(code: number): void {
    const digit = hexDigit(code);
    if (digit !== -1) {
      // 13 hexadecimal digits are below 2^52: no size is ever rounded. Leading zeros count as digits.
      if (++this.digits > 13) throw fault('size too long');
      this.left = this.left * 16 + digit;
      return;
    }
    if (this.digits === 0) throw fault('malformed size');
    this.extensionBytes = 0;
    this.extensionOpen = false;
    if (code === CR) this.state = AT_SIZE_LF;
    else {
      this.state = IN_EXTENSION;
      this.extension(code);
    }
  }

  private extension(code: number): void {
    if (code === CR && this.extensionOpen) {
      this.state = AT_SIZE_LF;
      return;
    }
    if (++this.extensionBytes > CHUNK_LIMITS.extensionBytes || ++this.excess > CHUNK_LIMITS.extensionExcess) {
      throw fault('extension too large');
    }
    if (!this.extensionOpen) {
      // Blanks are allowed before the semicolon only; "5 " or "5x" is no size.
      if (code === SEMICOLON) this.extensionOpen = true;
      else if (code !== SPACE && code !== TAB) throw fault('malformed size');
    } else if ((code < SPACE && code !== TAB) || code === DEL) throw fault('malformed extension');
  }

  private readTrailers(bytes: Buffer, at: number): number {
    this.trailers ??= new FieldSection({ ...TRAILERS, folding: this.folding }, null);
    const end = this.trailers.push(bytes, at);
    this.done = this.trailers.done;
    return end;
  }
}

const TRAILERS = {
  label: 'trailer',
  bytes: CHUNK_LIMITS.trailerBytes,
  fields: CHUNK_LIMITS.trailerFields,
} as const satisfies SectionKind;

const AT_SIZE = 0;
const IN_EXTENSION = 1;
const AT_SIZE_LF = 2;
const IN_DATA = 3;
const AT_DATA_CR = 4;
const AT_DATA_LF = 5;
const IN_TRAILERS = 6;
type State =
  | typeof AT_SIZE
  | typeof IN_EXTENSION
  | typeof AT_SIZE_LF
  | typeof IN_DATA
  | typeof AT_DATA_CR
  | typeof AT_DATA_LF
  | typeof IN_TRAILERS;

const TAB = 9;
const LF = 10;
const CR = 13;
const SPACE = 32;
const SEMICOLON = 59;
const DEL = 127;

function hexDigit(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  const lower = code | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}

function fault(what: string): MalformedMessage {
  return new MalformedMessage(`chunk: ${what}`);
}
