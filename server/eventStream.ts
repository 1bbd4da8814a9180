import type { RefusalCode } from '../signing/refusal.ts';
import { problemDocument } from './problem.ts';
import type { HeaderPairs } from './transport/transport.ts';

export function isEventStream(headers: HeaderPairs): boolean {
  const type = headers.find(([name]) => name.length === 12 && name.toLowerCase() === 'content-type');
  return type !== undefined && /^text\/event-stream\s*(?:;|$)/i.test(type[1]);
}

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
