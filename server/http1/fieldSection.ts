import type { ReceivedLines } from '../transport/transport.ts';
import { nextHash, usualName } from './fieldNames.ts';
import { MalformedMessage } from './malformedMessage.ts';

/** What all sections of one kind have alike. */
export interface SectionKind {
  /** What a fault is named by. */
  readonly label: string;
  /** Most bytes, and most fields. */
  readonly bytes: number;
  readonly fields: number;
  /** Bytes that the first line may take beside those. Default: 0, it counts among them. */
  readonly startLineBytes?: number;
  /** Default: true. */
  readonly folding?: boolean;
}

/** Gets the first line, which is then no field: the part of a text from `start` to `stop`. */
export interface StartLineReader {
  readStartLine(text: string, start: number, stop: number): void;
}

/**
 * Reads header or trailer lines up to and with the empty line that ends them (RFC 9112, sections 2.2 and 5),
 * from bytes that come in any split. Where there is a reader of a start line, the first line is handed to it.
 *
 * Only whole lines are judged, in their order, so that the outcome is the same however the bytes were cut.
 * Folded lines are unfolded to one space, as a client must (RFC 9112, section 5.2), or with `folding: false`
 * refused, as a server may. Throws {@link MalformedMessage} with the reason `<label>: …`.
 */
export class FieldSection implements ReceivedLines {
  readonly fields: [name: string, value: string][] = [];
  done = false;
  /** Where in {@link text} the line of each field begins; once it is done, also where the last one ends. */
  readonly starts: number[] = [];
  /** Empty unless all lines of fields are in it, each as it is mostly written: `name: value`. */
  text = '';

  private readonly kind: SectionKind;
  private startLine: StartLineReader | null;
  /** Bytes that the section may have, as far as that is known yet. */
  private allowance: number;
  private size = 0;
  /** The beginning of a line whose end has not come yet; it grows by doubling. */
  private unfinished: Buffer | null = null;
  private unfinishedLength = 0;
  /** Whether all of the text that is being read was found to hold nothing that a line must not. */
  private isPlain = false;

  constructor(kind: SectionKind, startLine: StartLineReader | null) {
    this.kind = kind;
    this.startLine = startLine;
    this.allowance = kind.bytes + (kind.startLineBytes ?? 0);
  }

  /** Takes bytes from `offset` on; returns the offset after the last one that belongs to the section. */
  push(bytes: Buffer, offset: number): number {
    let at = offset;
    if (this.unfinishedLength > 0) {
      const feed = bytes.indexOf(LF, at);
      const stop = feed === -1 ? bytes.length : feed + 1;
      this.keep(bytes, at, stop);
      if (feed === -1) return stop;
      const line = this.unfinished!.subarray(0, this.unfinishedLength);
      this.unfinishedLength = 0;
      this.readLines(line, 0);
      at = stop;
    }
    if (!this.done) at = this.readLines(bytes, at);
    if (this.done || at === bytes.length) return at;
    this.keep(bytes, at, bytes.length);
    return bytes.length;
  }

  private readLines(bytes: Buffer, offset: number): number {
    if (bytes[offset] === CR && bytes[offset + 1] === LF) {
      this.size += 2;
      if (this.size > this.allowance) throw this.tooMuch('too large');
      this.text = '';
      this.line('\r', 0, 1);
      return offset + 2;
    }
    const end = bytes.indexOf(EMPTY_LINE, offset);
    const wanted = end === -1 ? bytes.length : end + EMPTY_LINE.length;
    const allowed = offset + this.allowance - this.size;
    // One decoding of the head and substrings of it: a native call for each field costs ten times as much.
    const text = bytes.toString('latin1', offset, Math.min(wanted, allowed));
    this.isPlain = !NOT_PLAIN.test(text);
    this.text = this.fields.length === 0 ? text : '';
    let at = 0;
    while (!this.done) {
      const feed = text.indexOf('\n', at);
      if (feed === -1) {
        if (wanted > allowed) throw this.tooMuch('too large');
        break;
      }
      this.line(text, at, feed);
      at = feed + 1;
    }
    this.size += at;
    if (this.size > this.allowance) throw this.tooMuch('too large');
    return offset + at;
  }

  private keep(bytes: Buffer, from: number, to: number): void {
    const length = this.unfinishedLength + to - from;
    if (this.size + length > this.allowance && !bytes.subarray(from, to).includes(LF)) {
      throw this.tooMuch('too large');
    }
    if (this.unfinished === null || this.unfinished.length < length) {
      const larger = Buffer.allocUnsafe(Math.max(256, length * 2));
      this.unfinished?.copy(larger, 0, 0, this.unfinishedLength);
      this.unfinished = larger;
    }
    bytes.copy(this.unfinished, this.unfinishedLength, from, to);
    this.unfinishedLength = length;
  }

  private line(text: string, start: number, feed: number): void {
    const stop = feed - 1;
    if (stop < start || text.charCodeAt(stop) !== CR) throw this.fault('bare LF');
    if (this.startLine !== null) {
      const { startLine } = this;
      this.startLine = null;
      if (this.kind.startLineBytes !== undefined) this.allowance = this.kind.bytes + feed + 1 - start;
      startLine.readStartLine(text, start, this.checkText(text, start, stop));
      return;
    }
    if (stop === start) {
      this.done = true;
      this.starts.push(start);
      return;
    }
    const first = text.charCodeAt(start);
    if (first === SPACE || first === TAB) this.fold(text, start, stop);
    else this.field(text, start, stop);
  }

  private field(text: string, start: number, stop: number): void {
    let colon = start;
    let hash = 0;
    let code = 0;
    for (; colon < stop; colon++) {
      code = text.charCodeAt(colon);
      if (TOKEN[code] !== 1) break;
      hash = nextHash(hash, code);
    }
    if (colon === stop) code = 0;
    if (code !== COLON || colon === start) {
      const spaced = colon > start && (code === SPACE || code === TAB);
      throw this.fault(spaced ? 'space before the colon' : 'malformed field name');
    }
    if (this.fields.length >= this.kind.fields) throw this.tooMuch('too many fields');
    const value = this.value(text, colon + 1, stop);
    // As it is written mostly: one space before the value, none behind it.
    if (value.length !== stop - colon - 2 || text.charCodeAt(colon + 1) !== SPACE) this.text = '';
    this.starts.push(start);
    const usual = usualName(hash);
    const isUsual = usual !== undefined && usual.length === colon - start && text.startsWith(usual, start);
    this.fields.push([isUsual ? usual : text.slice(start, colon), value]);
  }

  private fold(text: string, start: number, stop: number): void {
    const field = this.fields.at(-1);
    if (this.kind.folding === false) throw this.fault('folded line');
    if (field === undefined) throw this.fault('folded first line');
    // Readers differ over folding; where it would decide how a body is framed, nobody may guess.
    if (FRAMING_FIELDS.has(field[0].toLowerCase())) throw this.fault('folded framing field');
    this.text = '';
    const continued = this.value(text, start, stop);
    field[1] = field[1] === '' || continued === '' ? field[1] + continued : `${field[1]} ${continued}`;
  }

  private value(text: string, start: number, stop: number): string {
    this.checkText(text, start, stop);
    let from = start;
    let to = stop;
    while (from < to && isBlank(text.charCodeAt(from))) from++;
    while (to > from && isBlank(text.charCodeAt(to - 1))) to--;
    return text.slice(from, to);
  }

  /** RFC 9110, section 5.5: HTAB, SP, VCHAR and obs-text, nothing else. */
  private checkText(text: string, start: number, stop: number): number {
    if (this.isPlain) return stop;
    for (let index = start; index < stop; index++) {
      const code = text.charCodeAt(index);
      if (code >= SPACE ? code !== DEL : code === TAB) continue;
      throw this.fault(code === CR ? 'bare CR' : code === 0 ? 'NUL' : 'control character');
    }
    return stop;
  }

  private fault(what: string): MalformedMessage {
    return new MalformedMessage(`${this.kind.label}: ${what}`);
  }

  private tooMuch(what: string): MalformedMessage {
    return new MalformedMessage(`${this.kind.label}: ${what}`, { limit: true });
  }
}

const TAB = 9;
const LF = 10;
const CR = 13;
const SPACE = 32;
const COLON = 58;
const DEL = 127;
/**
 * What no line may hold. One search through a whole head is a tenth of the cost of a look at each character; only
 * where it finds something are the lines judged one by one, so that the first fault is the one that is named.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
const NOT_PLAIN = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)/;
const EMPTY_LINE = Buffer.from('\r\n\r\n');
const FRAMING_FIELDS: ReadonlySet<string> = new Set(['content-length', 'transfer-encoding', 'connection']);

/** `tchar` of RFC 9110, section 5.6.2, by code. */
const TOKEN = Uint8Array.from({ length: 256 }, (_, code) =>
  /[!#$%&'*+\-.^_`|~0-9A-Za-z]/.test(String.fromCharCode(code)) ? 1 : 0,
);

function isBlank(code: number): boolean {
  return code === SPACE || code === TAB;
}
