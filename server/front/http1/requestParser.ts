import { Refusal } from '../../../signing/refusal.ts';
import { FieldSection, type SectionKind, type StartLineReader } from '../../http1/fieldSection.ts';
import { MalformedMessage } from '../../http1/malformedMessage.ts';
import type { Limits } from '../../limits.ts';
import {
  type RequestHead,
  type RequestLine,
  readRequestHead,
  readRequestLine,
  urlTooLong,
} from './requestHead.ts';

export type RequestLimits = Pick<Limits, 'maxUrlLength' | 'maxHeaderBytes'>;

/**
 * Reads the head of one request (RFC 9112, sections 3 and 5), strictly, from bytes that come in any split. One empty
 * line before the request line is skipped (section 2.2).
 */
export class RequestParser implements StartLineReader {
  /** Null until the empty line that ends the head. */
  head: RequestHead | null = null;

  private readonly limits: RequestLimits;
  private readonly section: FieldSection;
  private line: RequestLine | null = null;
  private emptyLine: 'possible' | 'begun' | 'over' = 'possible';

  /** `kind` is that of the same limits. */
  constructor(limits: RequestLimits, kind: SectionKind) {
    this.limits = limits;
    this.section = new FieldSection(kind, this);
  }

  /** The method, as soon as the request line has been read. */
  get method(): string {
    return this.line?.method ?? '';
  }

  /**
   * Takes bytes from `offset` on; returns the offset after the last one that belongs to the head.
   *
   * @throws {Refusal} `bad_request`, `url_too_long`, `headers_too_large`
   */
  push(bytes: Buffer, offset: number): number {
    try {
      const start = this.emptyLine === 'over' ? offset : this.skipEmptyLine(bytes, offset);
      if (start === bytes.length) return start;
      const end = this.section.push(bytes, start);
      if (this.section.done) this.head = readRequestHead(this.line!, this.section.fields);
      return end;
    } catch (error) {
      throw error instanceof MalformedMessage ? this.refusal(error) : error;
    }
  }

  /** @internal */
  readStartLine(text: string, start: number, stop: number): void {
    this.line = readRequestLine(text, { start, stop, maxUrlLength: this.limits.maxUrlLength });
  }

  private skipEmptyLine(bytes: Buffer, offset: number): number {
    let at = offset;
    if (this.emptyLine === 'possible') {
      this.emptyLine = bytes[at] === CR ? 'begun' : 'over';
      if (this.emptyLine === 'begun') at++;
    }
    if (this.emptyLine === 'over' || at === bytes.length) return at;
    if (bytes[at] !== LF) throw new MalformedMessage('head: bare CR');
    this.emptyLine = 'over';
    return at + 1;
  }

  private refusal({ limit, reason }: MalformedMessage): Refusal {
    if (!limit) return new Refusal('bad_request', 'malformed request head', { cause: reason });
    if (this.line === null) return urlTooLong(this.limits.maxUrlLength);
    return new Refusal(
      'headers_too_large',
      `the headers must not be over ${this.limits.maxHeaderBytes} bytes or ${MAX_FIELDS} lines`,
      { cause: reason },
    );
  }
}

/** The heads of the requests that one front reads. */
export function requestHeads(limits: RequestLimits): SectionKind {
  return {
    label: 'head',
    bytes: limits.maxHeaderBytes,
    fields: MAX_FIELDS,
    startLineBytes: limits.maxUrlLength + METHOD_AND_VERSION,
    folding: false,
  };
}

/** What a request line holds beside its target: room for any method in use, two spaces, the version, CR LF. */
const METHOD_AND_VERSION = 64;

/** Browsers send twenty, chains of proxies a few more. */
const MAX_FIELDS = 100;

const CR = 13;
const LF = 10;
