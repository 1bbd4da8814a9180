import type { RefusalCode } from '../signing/refusal.ts';
import { problemDocument } from './problem.ts';

export function isEventStream(headers: Headers): boolean {
  return /^text\/event-stream\s*(?:;|$)/i.test(headers.get('content-type') ?? '');
}

/**
 * Bun.serve holds the end of an answer's head back until the first byte of its body, so that a page would
 * learn of a silent event stream only at its first event. A comment line releases it: parsers skip it (HTML,
 * section 9.2.6), but one old API client is known to fail on it, so it goes only to clients whose `Accept`
 * names event streams, and never into an encoded body.
 */
export function mayBeginWithComment(request: Request, answer: Headers): boolean {
  return (
    isEventStream(answer) &&
    !answer.has('content-encoding') &&
    /\btext\/event-stream\b/i.test(request.headers.get('accept') ?? '')
  );
}

export const COMMENT = new TextEncoder().encode(':\n\n');

/** Remembers how an event stream's bytes so far end. */
export class EventStreamTail {
  #text = '';

  push(bytes: Uint8Array): void {
    const last = LATIN1.decode(bytes.subarray(-TAIL_BYTES));
    this.#text = last.length === TAIL_BYTES ? last : (this.#text + last).slice(-TAIL_BYTES);
  }

  /** True when an API's own last event was the last: `data: [DONE]`, or Anthropic's `message_stop`. */
  get sawEndMarker(): boolean {
    return /(?:data: ?\[DONE\]|"type": ?"message_stop"[^\n]*)(?:\r?\n)*$/.test(this.#text);
  }

  /** True between two events, where another may be written without completing a broken one. */
  get betweenEvents(): boolean {
    return this.#text === '' || /(?:\n\n|\r\r|\r\n\r\n)$/.test(this.#text);
  }
}

/** The event that tells a client why the gateway ends its stream; the stream then ends uncleanly. */
export function errorEvent(code: RefusalCode, detail: string): Uint8Array {
  return new TextEncoder().encode(`event: signway.error\ndata: ${problemDocument(code, detail)}\n\n`);
}

const TAIL_BYTES = 128;
const LATIN1 = new TextDecoder('latin1');
