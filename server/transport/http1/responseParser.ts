import { ChunkedBody } from '../../http1/chunkedBody.ts';
import { FieldSection, type SectionKind, type StartLineReader } from '../../http1/fieldSection.ts';
import { MalformedMessage } from '../../http1/malformedMessage.ts';
import { part } from '../../http1/part.ts';
import { type ResponseHead, readResponseHead, readStatusLine, type StatusLine } from './responseHead.ts';
import { RESPONSE_LIMITS } from './responseLimits.ts';

export interface ResponseEvents {
  /** The head of the final answer; 1xx are consumed. */
  headParsed(head: ResponseHead): void;
  /** A piece of the decoded body, never empty. */
  bodyParsed(bytes: Uint8Array): void;
  /** A piece as the chunk that it came in: its own bytes are those from `start` to `end`. Default: `bodyParsed`. */
  chunkParsed?(chunk: Uint8Array, start: number, end: number): void;
}

/**
 * A strict, incremental reader of one answer (RFC 9112): bytes in, in any split, events out. No input or
 * output of its own. `push` and `finish` say what is malformed by throwing {@link MalformedMessage}.
 */
export class ResponseParser implements StartLineReader {
  complete = false;

  private readonly method: string;
  private readonly events: ResponseEvents;
  private section: FieldSection | null = null;
  private statusLine: StatusLine | null = null;
  private framing: ResponseHead['framing'] | null = null;
  private interimAnswers = 0;
  private left = 0;
  private chunks: ChunkedBody | null = null;

  constructor(method: string, events: ResponseEvents) {
    this.method = method;
    this.events = events;
  }

  /** Returns how many bytes belong to the answer: fewer than were given only once it is `complete`. */
  push(bytes: Buffer): number {
    let at = 0;
    while (this.framing === null && at < bytes.length) at = this.readHead(bytes, at);
    return this.complete || at === bytes.length ? at : this.readBody(bytes, at);
  }

  /**
   * The upstream has closed its side. Returns null when that ends the answer properly, else how it is cut
   * short.
   */
  finish(): string | null {
    if (this.complete) return null;
    if (this.framing === null) return 'head: cut short';
    if (this.framing === 'close') {
      this.complete = true;
      return null;
    }
    return this.framing === 'chunked' ? 'body: last chunk missing' : 'body: shorter than its length';
  }

  /** @internal */
  readStartLine(text: string, start: number, stop: number): void {
    this.statusLine = readStatusLine(text, start, stop);
  }

  private readHead(bytes: Buffer, offset: number): number {
    this.section ??= new FieldSection(HEAD, this);
    const end = this.section.push(bytes, offset);
    if (this.section.done) this.endHead(this.statusLine!, this.section);
    return end;
  }

  private endHead(start: StatusLine, section: FieldSection): void {
    this.section = null;
    if (start.status < 200) {
      // We ask for no upgrade, so a 101 would hand the connection to a protocol nobody speaks.
      if (start.status === 101) throw fault('head: unasked 101');
      if (++this.interimAnswers > RESPONSE_LIMITS.interimAnswers) throw fault('head: too many 1xx');
      return;
    }
    const head = readResponseHead(start, section, this.method);
    this.framing = head.framing;
    this.statusLine = null;
    this.left = head.length;
    if (head.framing === 'chunked') this.chunks = new ChunkedBody(this.events);
    this.complete = head.framing === 'none' || (head.framing === 'length' && head.length === 0);
    this.events.headParsed(head);
  }

  private readBody(bytes: Buffer, offset: number): number {
    if (this.chunks !== null) {
      const end = this.chunks.push(bytes, offset);
      this.complete = this.chunks.done;
      return end;
    }
    if (this.framing === 'close') {
      this.events.bodyParsed(part(bytes, offset, bytes.length));
      return bytes.length;
    }
    const end = Math.min(bytes.length, offset + this.left);
    this.left -= end - offset;
    this.complete = this.left === 0;
    this.events.bodyParsed(part(bytes, offset, end));
    return end;
  }
}

const HEAD = {
  label: 'head',
  bytes: RESPONSE_LIMITS.headBytes,
  fields: RESPONSE_LIMITS.headFields,
} as const satisfies SectionKind;

function fault(reason: string): MalformedMessage {
  return new MalformedMessage(reason);
}
