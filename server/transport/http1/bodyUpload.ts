import { LAST_CHUNK, writeChunk } from '../../http1/chunk.ts';
import { TransportError } from '../transport.ts';
import type { Connection } from './connection.ts';
import type { SendingOwner } from './requestSending.ts';

export interface BodyUploadOptions {
  readonly stream: ReadableStream<Uint8Array>;
  /** Declared bytes; null for chunks (RFC 9112, section 7.1). */
  readonly length: number | null;
  readonly owner: SendingOwner;
}

/**
 * Sends a streamed body, one piece at a time and each only when the one before has gone to the kernel: an
 * upload holds one piece in memory, however slow the upstream.
 */
export class BodyUpload {
  isComplete = false;

  private readonly connection: Connection;
  private readonly options: BodyUploadOptions;
  /** Null until the head has gone: a stream that nobody has begun to read can be sent over another connection. */
  private reader: ReadableStreamDefaultReader<Uint8Array> | null = null;
  private stopped = false;
  private sent = 0;
  private resume: (() => void) | null = null;

  constructor(connection: Connection, options: BodyUploadOptions) {
    this.connection = connection;
    this.options = options;
  }

  async run(): Promise<void> {
    try {
      while (!this.stopped) {
        if (!this.connection.isDrained) await this.drain();
        else if (await this.sendNext()) break;
      }
    } catch (error) {
      if (this.stopped) return;
      this.stop();
      this.options.owner.failed(
        error instanceof TransportError ? error : new TransportError('aborted', 'request body: failed'),
      );
    }
  }

  /** The connection has taken what was written. */
  drained(): void {
    this.resume?.();
    this.resume = null;
  }

  /** Sends nothing more and cancels the stream, if it has begun to read it. */
  stop(): void {
    if (this.stopped || this.isComplete) return;
    this.stopped = true;
    this.resume?.();
    this.reader?.cancel().catch(() => {});
  }

  /** Resolves with true after the last piece. */
  private async sendNext(): Promise<boolean> {
    const { stream, length } = this.options;
    this.reader ??= stream.getReader();
    const { done, value } = await this.reader.read();
    if (this.stopped) return true;
    if (done) {
      if (length !== null && this.sent < length) throw mismatch('shorter');
      if (length === null) this.connection.write(LAST_CHUNK);
      this.isComplete = true;
      return true;
    }
    this.sent += value.length;
    if (length !== null && this.sent > length) throw mismatch('longer');
    // A chunk of no bytes would be the last one.
    if (value.length > 0) {
      if (length === null) writeChunk(value, this.connection);
      else this.connection.write(value);
    }
    this.options.owner.progressed();
    return false;
  }

  private drain(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.resume = resolve;
    return promise;
  }
}

function mismatch(how: 'shorter' | 'longer'): TransportError {
  return new TransportError('aborted', `request body: ${how} than its length`);
}
