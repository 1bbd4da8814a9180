import type { RefusalCode } from '../signing/refusal.ts';
import { problemDocument } from './problem.ts';
import type { HeaderPairs } from './transport/transport.ts';

export function isEventStream(headers: HeaderPairs): boolean {
  const type = headers.find(([name]) => name.length === 12 && name.toLowerCase() === 'content-type');
  return type !== undefined && /^text\/event-stream\s*(?:;|$)/i.test(type[1]);
}

/** Remembers how an event stream's bytes so far end. */
export class EventStreamTail {
  private readonly last = Buffer.allocUnsafeSlow(TAIL_BYTES);
  private length = 0;

  /** Copies, and decodes nothing: this runs for every event, and the question is asked once. */
  push(bytes: Uint8Array): void {
    const { last } = this;
    const fresh = bytes.length > TAIL_BYTES ? bytes.subarray(-TAIL_BYTES) : bytes;
    const kept = Math.min(this.length, TAIL_BYTES - fresh.length);
    if (kept > 0) last.copyWithin(0, this.length - kept, this.length);
    last.set(fresh, kept);
    this.length = kept + fresh.length;
  }

  /** True when an API's own last event was the last: `data: [DONE]`, or Anthropic's `message_stop`. */
  get sawEndMarker(): boolean {
    return /(?:data: ?\[DONE\]|"type": ?"message_stop"[^\r\n]*)[\r\n]*$/.test(this.text);
  }

  /** True between two events, where another may be written without completing a broken one. */
  get betweenEvents(): boolean {
    return this.length === 0 || EMPTY_LINE.test(this.text);
  }

  private get text(): string {
    return this.last.toString('latin1', 0, this.length);
  }
}

/** The event that tells a client why the gateway ends its stream; the stream then ends uncleanly. */
export function errorEvent(code: RefusalCode, detail: string): Uint8Array {
  return new TextEncoder().encode(`event: signway.error\ndata: ${problemDocument(code, detail)}\n\n`);
}

const TAIL_BYTES = 128;

/** Two ends of lines, of which there are three kinds (HTML, section 9.2.5). */
const EMPTY_LINE = /(?:\r\n|\n|\r(?!\n))(?:\r\n|\n|\r)$/;
