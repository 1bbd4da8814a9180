import { STATUS_CODES } from 'node:http';
import type { ClientAnswer } from '../../clientAnswer.ts';

export interface AnswerFraming {
  /** True when the body ends with the connection: for HTTP/1.0, which has no chunks. */
  readonly untilClose: boolean;
  /** Whether the connection ends with this answer. */
  readonly close: boolean;
  /** Whether the request was a HEAD: its answer has a length and no body. */
  readonly head: boolean;
  /** The `Date` field's value. */
  readonly date: string;
}

/** The head of an answer, with what frames its body (RFC 9112, sections 4 and 6), as Latin-1 text. */
export function serialiseAnswerHead(answer: ClientAnswer, framing: AnswerFraming): string {
  const { status, statusText, passed, headers, fixed } = answer;
  let text = statusLine(status, statusText);
  if (passed !== null) text += passed.lines;
  for (const [name, value] of headers) text += `${name}: ${value}\r\n`;
  if (fixed !== null) text += fixed.lines;
  // An upstream's own date says when the answer was made (RFC 9110, section 6.6.1).
  if (passed?.dated !== true) text += `Date: ${framing.date}\r\n`;
  if (framing.close) text += 'Connection: close\r\n';
  return `${text}${lengthField(answer, framing)}\r\n`;
}

/** With the usual reason it is one text for all. */
function statusLine(status: number, statusText: string): string {
  const usual = STATUS_CODES[status] ?? '';
  if (statusText !== '' && statusText !== usual) return `HTTP/1.1 ${status} ${statusText}\r\n`;
  STATUS_LINES[status] ??= `HTTP/1.1 ${status} ${usual}\r\n`;
  return STATUS_LINES[status];
}

const STATUS_LINES: Record<number, string> = {};

/** Whether an answer of this status may have a body, or say that it has none (RFC 9110, section 6.4.1). */
export function mayHaveBody(status: number): boolean {
  return status !== 204 && status !== 304;
}

function lengthField({ status, headers, body }: ClientAnswer, { untilClose, head }: AnswerFraming): string {
  if (!mayHaveBody(status)) return '';
  if (body instanceof Uint8Array) return `Content-Length: ${body.length}\r\n`;
  if (body === null) {
    // What a HEAD would have had is told by the headers, or by nobody.
    return head || headers.some(([name]) => name === 'Content-Length') ? '' : 'Content-Length: 0\r\n';
  }
  if (body.length !== null) return `Content-Length: ${body.length}\r\n`;
  return untilClose ? '' : 'Transfer-Encoding: chunked\r\n';
}
