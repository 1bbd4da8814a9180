import { STATUS_CODES } from 'node:http';
import { hasToken, isField } from '../../http1/fieldName.ts';
import type { FieldSection } from '../../http1/fieldSection.ts';
import { MalformedMessage } from '../../http1/malformedMessage.ts';
import type { HeaderPairs, ReceivedLines } from '../transport.ts';

/** The head of one answer, judged: how its body is framed and whether its connection may be used again. */
export interface ResponseHead {
  readonly status: number;
  readonly statusText: string;
  readonly headers: HeaderPairs;
  readonly lines: ReceivedLines | null;
  readonly framing: 'none' | 'length' | 'chunked' | 'close';
  /** Bytes of the body; 0 unless `framing` is `length`. */
  readonly length: number;
  /** False after HTTP/1.0, `Connection: close` and for a body that ends with the connection. */
  readonly reusable: boolean;
  /** Seconds of `Keep-Alive: timeout`; null without one. */
  readonly keepAlive: number | null;
}

export interface StatusLine {
  readonly minor: 0 | 1;
  readonly status: number;
  readonly statusText: string;
}

/**
 * Reads `HTTP/1.x SP 3DIGIT SP [reason]` (RFC 9112, section 4) from a part of a text. The space before an empty
 * reason may be absent, as many servers leave it out and it can be read in one way only.
 * Throws {@link MalformedMessage}.
 */
export function readStatusLine(text: string, start: number, stop: number): StatusLine {
  const minor = text.charCodeAt(start + 7) - ZERO;
  if (stop < start + 8 || !text.startsWith('HTTP/1.', start) || (minor !== 0 && minor !== 1)) {
    throw fault('not HTTP/1.1');
  }
  const status = readStatus(text, start + 9);
  const isSpaced = text.charCodeAt(start + 8) === SPACE;
  const reasonAt = start + 12;
  if (!isSpaced || status === null || stop < reasonAt) throw fault('malformed status');
  if (stop > reasonAt && text.charCodeAt(reasonAt) !== SPACE) throw fault('malformed status');
  return { minor, status, statusText: readReason(text, { status, start: reasonAt + 1, stop }) };
}

/** Three digits, from 100 to 599; null for anything else. */
function readStatus(text: string, at: number): number | null {
  const hundreds = text.charCodeAt(at) - ZERO;
  const tens = text.charCodeAt(at + 1) - ZERO;
  const ones = text.charCodeAt(at + 2) - ZERO;
  const isStatus = hundreds >= 1 && hundreds <= 5 && tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9;
  return isStatus ? hundreds * 100 + tens * 10 + ones : null;
}

/** Of the usual reason there is one text already. */
function readReason(
  text: string,
  { status, start, stop }: { status: number; start: number; stop: number },
): string {
  const usual = STATUS_CODES[status];
  const isUsual = usual !== undefined && usual.length === stop - start && text.startsWith(usual, start);
  return isUsual ? usual : text.slice(start, stop);
}

/**
 * Judges the fields of a final answer to `method` (RFC 9112, sections 6.3 and 9.3).
 * Throws {@link MalformedMessage}: whatever two readers could frame differently
 * is refused, as it is how answers are smuggled (RFC 9112, section 11.2).
 */
export function readResponseHead(start: StatusLine, section: FieldSection, method: string): ResponseHead {
  const { fields } = section;
  let length: number | null = null;
  let chunked = false;
  let close = start.minor === 0;
  let keepAlive: number | null = null;
  for (const [name, value] of fields) {
    // The length first: it alone tells most names from these, and comparing each with all would cost more.
    switch (name.length) {
      case 10:
        if (isField(name, 'Connection')) close ||= hasToken(value, 'close');
        else if (isField(name, 'Keep-Alive')) keepAlive = readTimeout(value) ?? keepAlive;
        break;
      case 14:
        if (!isField(name, 'Content-Length')) break;
        if (length !== null) throw fault('more than one length');
        length = readLength(value);
        break;
      case 17:
        if (!isField(name, 'Transfer-Encoding')) break;
        if (chunked || !isField(value, 'chunked')) throw fault('unknown transfer coding');
        chunked = true;
    }
  }
  if (chunked && length !== null) throw fault('length with transfer coding');
  if (chunked && start.minor === 0) throw fault('transfer coding in HTTP/1.0');
  const { status, statusText } = start;
  const framing = hasNoBody(method, status)
    ? 'none'
    : chunked
      ? 'chunked'
      : length === null
        ? 'close'
        : 'length';
  return {
    status,
    statusText,
    headers: fields,
    lines: section.text === '' ? null : section,
    framing,
    length: framing === 'length' ? length! : 0,
    reusable: !close && framing !== 'close',
    keepAlive,
  };
}

const ZERO = 48;
const SPACE = 32;

function readLength(value: string): number {
  // 15 digits stay below 2^53: no length is ever rounded.
  if (!/^\d{1,15}$/.test(value)) throw fault('malformed length');
  return Number(value);
}

function readTimeout(value: string): number | null {
  const match = /(?:^|[\s,;])timeout\s*=\s*"?(\d{1,9})/i.exec(value);
  return match === null ? null : Number(match[1]);
}

function hasNoBody(method: string, status: number): boolean {
  return method === 'HEAD' || status === 204 || status === 304;
}

function fault(what: string): MalformedMessage {
  return new MalformedMessage(`head: ${what}`);
}
