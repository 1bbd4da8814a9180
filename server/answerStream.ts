import type { Refusal, RefusalCode } from '../signing/refusal.ts';
import type { StreamedBody } from './clientAnswer.ts';
import { EventStreamTail, errorEvent } from './eventStream.ts';
import type { Exchange } from './exchange.ts';
import { part } from './http1/part.ts';
import type { AnswerBody, BodySink, Ending } from './transport/transport.ts';

export interface AnswerStreamOptions {
  readonly exchange: Exchange;
  /** Bytes in all; null when nobody knows yet. */
  readonly length: number | null;
  /** Whether it is an event stream. */
  readonly events: boolean;
  /** Milliseconds without a byte after which it breaks off; 0: none. */
  readonly silence: number;
  /** Those that are on their way, so that a shutdown can break them off. */
  readonly streams: Set<AnswerStream>;
}

/**
 * An answer's body on its way from the upstream to the client: counted, and ended as what it is. One object, since a
 * gateway holds thousands of them for hours.
 */
export class AnswerStream implements StreamedBody, BodySink {
  readonly length: number | null;
  private readonly body: AnswerBody;
  private readonly exchange: Exchange;
  private readonly silence: number;
  private readonly streams: Set<AnswerStream>;
  private readonly tail: EventStreamTail | null;
  private client: BodySink | null = null;
  private brokenOff: { code: RefusalCode; detail: string } | null = null;

  constructor(body: AnswerBody, options: AnswerStreamOptions) {
    this.body = body;
    this.exchange = options.exchange;
    this.length = options.length;
    this.silence = options.silence;
    this.streams = options.streams;
    this.tail = options.events ? new EventStreamTail() : null;
    this.streams.add(this);
    this.exchange.hold?.onCut(({ code, detail }) => this.breakOff(code, detail));
  }

  /** Ends it now, uncleanly. An event stream is told why, if it stands between two events. */
  breakOff(code: RefusalCode, detail: string): void {
    this.brokenOff = { code, detail };
    this.body.cancel();
  }

  pipe(client: BodySink): Promise<'whole' | 'broken'> {
    this.client = client;
    return this.body.pipe(this, { silence: this.silence }).then((ending) => this.end(ending));
  }

  write(bytes: Uint8Array): undefined | Promise<unknown> {
    const { hold } = this.exchange;
    if (hold === null) return this.handOn(bytes);
    const allowed = hold.spend(bytes);
    // A budget that is spent has broken the answer off by then.
    return allowed === true
      ? this.handOn(bytes)
      : allowed.then((is) => (is ? this.handOn(bytes) : undefined));
  }

  writeChunk(chunk: Uint8Array, start: number, end: number): undefined | Promise<unknown> {
    const client = this.client!;
    // What is counted against a limit may have to wait.
    if (this.exchange.hold !== null || client.writeChunk === undefined)
      return this.write(part(chunk, start, end));
    this.note(chunk, start, end);
    return client.writeChunk(chunk, start, end);
  }

  private handOn(bytes: Uint8Array): undefined | Promise<unknown> {
    this.note(bytes, 0, bytes.byteLength);
    return this.client!.write(bytes);
  }

  private note(bytes: Uint8Array, start: number, end: number): void {
    this.exchange.bytesOut += end - start;
    this.tail?.push(bytes, start, end);
  }

  private end(ending: Ending): 'whole' | 'broken' | Promise<'broken'> {
    this.streams.delete(this);
    if (this.brokenOff !== null) return this.sayWhy(this.brokenOff);
    if (ending.kind === 'complete' && !this.isCutOff) {
      this.exchange.end('complete');
      return 'whole';
    }
    this.exchange.end(...recorded(ending, this.exchange.upload?.failure ?? null));
    return 'broken';
  }

  private async sayWhy({ code, detail }: { code: RefusalCode; detail: string }): Promise<'broken'> {
    // In the middle of an event nothing is written: it would show the broken event as a whole one.
    if (this.tail?.betweenEvents === true && this.length === null) {
      this.client!.write(errorEvent(code, detail));
      // A client that finds the end broken drops what it has not read yet.
      await Bun.sleep(LAST_WORDS_MS);
    }
    this.exchange.end(code === 'shutting_down' ? 'shut_down' : 'cut_off', { code });
    return 'broken';
  }

  /**
   * A body that only the connection's close delimits looks the same when it is cut off; of an event stream the
   * API's own end marker tells.
   */
  private get isCutOff(): boolean {
    return this.body.framing === 'close' && this.tail !== null && !this.tail.sawEndMarker;
  }
}

const LAST_WORDS_MS = 100;

function recorded(ending: Ending, uploadFailure: Refusal | null): Parameters<Exchange['end']> {
  switch (ending.kind) {
    case 'complete':
      return ['broken', { reason: 'body: closed without an end marker' }];
    case 'broken':
      return ['broken', { reason: ending.reason }];
    case 'timed_out':
      return ['timed_out', { reason: `body: ${ending.deadline} deadline` }];
    case 'aborted':
      if (uploadFailure === null) return ['client_gone'];
      return ['cut_off', { code: uploadFailure.code, reason: uploadFailure.message }];
  }
}
