import { Refusal } from '../../../signing/refusal.ts';
import type { BodyLimits, ClientBody, ReadLimits } from '../../clientRequest.ts';
import { ChunkedBody, type ChunkSink } from '../../http1/chunkedBody.ts';
import { MalformedMessage } from '../../http1/malformedMessage.ts';
import { part } from '../../http1/part.ts';
import { bodyTimedOut, bodyTooLarge } from '../../requestBody.ts';
import type { RequestBody as UpstreamBody } from '../../transport/transport.ts';
import type { RequestHead } from './requestHead.ts';

/** What a body asks of the connection that it comes from. */
export interface BodySource {
  pause(): void;
  resume(): void;
  /** The client may wait for a word before it sends the body (RFC 9110, section 10.1.1). */
  proceed(): void;
  /** Calls `expired` of the body after so many milliseconds without another call; 0 never. */
  expectWithin(milliseconds: number): void;
}

/**
 * The body of one request, as its bytes come from the connection. Until somebody wants it, and while whoever
 * takes it is slow, at most {@link HELD} bytes and one read wait here; then the connection is not read further.
 */
export class RequestBody implements ClientBody, ChunkSink {
  readonly declared: number | null;
  taken = 0;
  failure: Refusal | null = null;
  /** True when its last byte has come. */
  isComplete: boolean;

  private readonly source: BodySource;
  private readonly chunks: ChunkedBody | null;
  private left: number;
  private pieces: Uint8Array[] = [];
  private held = 0;
  private limits: BodyLimits | null = null;
  /** Where it is read as a whole. */
  private hold: ReadLimits['hold'] | null = null;
  private whole: PromiseWithResolvers<Uint8Array> | null = null;
  private stream: ReadableStreamDefaultController<Uint8Array> | null = null;
  private isAwaited = false;
  private isGivenUp = false;

  constructor({ framing, declared }: Pick<RequestHead, 'framing' | 'declared'>, source: BodySource) {
    this.declared = declared;
    this.source = source;
    this.left = declared ?? 0;
    this.chunks = framing === 'chunked' ? new ChunkedBody(this, { folding: false }) : null;
    this.isComplete = framing === 'none' || declared === 0;
  }

  // What the connection tells.

  /** Takes bytes from `offset` on; returns the offset after the last one that belongs to the body. */
  push(bytes: Buffer, offset: number): number {
    // Behind a bad chunk nobody knows where the body ends.
    if (this.failure !== null) return bytes.length;
    const { taken } = this;
    const end =
      this.chunks === null ? this.pushCounted(bytes, offset) : this.pushChunks(this.chunks, bytes, offset);
    if (this.failure === null) this.judge(this.taken - taken);
    if (this.isComplete) this.leaveSource();
    this.deliver();
    return end;
  }

  expired(): void {
    this.fail(bodyTimedOut(this.limits!.timeout));
  }

  /** The client has gone, or has its answer: nothing more comes. */
  giveUp(): void {
    if (this.isGivenUp) return;
    this.isGivenUp = true;
    this.pieces = [];
    if (!this.isComplete) this.leaveSource();
    this.end(this.failure ?? gone());
  }

  // What the gateway asks.

  async read(limits: ReadLimits): Promise<Uint8Array> {
    this.want(limits);
    limits.hold(this.taken);
    this.hold = limits.hold;
    if (this.isComplete) return this.takeAll();
    this.whole = Promise.withResolvers();
    this.source.expectWithin(limits.timeout);
    return this.whole.promise;
  }

  forward(limits: BodyLimits): UpstreamBody {
    if (this.declared === null && this.chunks === null) return null;
    if (this.declared !== null && this.isComplete) return this.takeAll();
    this.want(limits);
    const stream = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.stream = controller;
        },
        pull: () => {
          this.isAwaited = true;
          this.deliver();
        },
        cancel: () => {
          this.stream = null;
          this.giveUp();
        },
      },
      { highWaterMark: 0 },
    );
    return { stream, length: this.declared };
  }

  private want(limits: BodyLimits): void {
    if (this.isGivenUp) throw this.failure ?? gone();
    this.limits = limits;
    if (this.taken > limits.bytes) throw bodyTooLarge(limits.bytes);
    if (this.isComplete) return;
    this.source.proceed();
    this.source.resume();
  }

  /** Whether so many more bytes may come. */
  private judge(more: number): void {
    if (this.limits === null) return;
    if (this.taken > this.limits.bytes) {
      this.fail(bodyTooLarge(this.limits.bytes));
      return;
    }
    try {
      this.hold?.(more);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.fail(error);
    }
  }

  private pushCounted(bytes: Buffer, offset: number): number {
    const end = Math.min(bytes.length, offset + this.left);
    if (end > offset) this.bodyParsed(part(bytes, offset, end));
    this.left -= end - offset;
    this.isComplete = this.left === 0;
    return end;
  }

  private pushChunks(chunks: ChunkedBody, bytes: Buffer, offset: number): number {
    const first = this.pieces.length;
    try {
      const end = chunks.push(bytes, offset);
      this.isComplete = chunks.done;
      // A body may be cut into chunks of a byte, and a piece costs memory, and the upstream a write.
      if (this.pieces.length > first + 1) this.pieces.push(Buffer.concat(this.pieces.splice(first)));
      return end;
    } catch (error) {
      if (!(error instanceof MalformedMessage)) throw error;
      this.fail(new Refusal('bad_request', 'malformed request body', { cause: error.reason }));
      return bytes.length;
    }
  }

  /** @internal A piece of the body, decoded. */
  bodyParsed(piece: Uint8Array): void {
    this.taken += piece.length;
    if (this.isGivenUp) return;
    this.pieces.push(piece);
    this.held += piece.length;
  }

  /** Hands over what is there to whoever waits for it, and paces the connection. */
  private deliver(): void {
    if (this.whole !== null) {
      if (this.isComplete) this.end(null);
      return;
    }
    if (this.stream !== null && this.isAwaited) this.deliverPiece(this.stream);
    if (this.isGivenUp || this.isComplete) return;
    if (this.held > HELD) {
      this.source.pause();
      this.source.expectWithin(0);
    } else {
      this.source.resume();
      if (this.stream !== null) this.source.expectWithin(this.limits!.timeout);
    }
  }

  private deliverPiece(stream: ReadableStreamDefaultController<Uint8Array>): void {
    const piece = this.pieces.shift();
    if (piece !== undefined) {
      this.isAwaited = false;
      this.held -= piece.length;
      stream.enqueue(piece);
    } else if (this.isComplete) this.end(null);
  }

  /** Asks nothing more of the connection: what comes from now on is another request's, or nobody's. */
  private leaveSource(): void {
    this.source.expectWithin(0);
    this.source.resume();
  }

  private takeAll(): Uint8Array {
    const { pieces } = this;
    this.pieces = [];
    this.held = 0;
    return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
  }

  private fail(failure: Refusal): void {
    this.failure ??= failure;
    this.giveUp();
  }

  /** Tells whoever takes the body that it is whole, or why it never will be. */
  private end(failure: Error | null): void {
    const { whole, stream } = this;
    this.whole = null;
    this.stream = null;
    if (whole !== null && failure === null) whole.resolve(this.takeAll());
    else whole?.reject(failure);
    if (failure === null) stream?.close();
    else stream?.error(failure);
  }
}

function gone(): DOMException {
  return new DOMException('the client has gone', 'AbortError');
}

/** Bytes that may wait for whoever takes them before reading stops. */
const HELD = 64 * 1024;
