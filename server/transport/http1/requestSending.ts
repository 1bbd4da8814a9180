import type { RequestBody, TransportError } from '../transport.ts';
import { BodyUpload } from './bodyUpload.ts';
import type { Connection } from './connection.ts';
import type { RequestBytes } from './serialiseRequest.ts';

export interface SendingOwner {
  /** A piece has gone to the kernel, or is on its way there. */
  progressed(): void;
  /** The body's stream failed or kept not to its length; nothing of it may look like a whole body. */
  failed(failure: TransportError): void;
}

/** One request on its way into one connection: its head, then its bytes or its stream. */
export class RequestSending {
  private readonly connection: Connection;
  private readonly owner: SendingOwner;
  private readonly writtenBefore: number;
  private rest: Uint8Array | null = null;
  private upload: BodyUpload | null = null;
  private cutShort = false;

  constructor(connection: Connection, owner: SendingOwner) {
    this.connection = connection;
    this.owner = owner;
    this.writtenBefore = connection.bytesWritten;
  }

  /** True when the kernel has the whole request. */
  get isComplete(): boolean {
    return !this.cutShort && this.isHandedOver && this.connection.isDrained;
  }

  /** True while the kernel has not taken a single byte: the upstream cannot have seen any of it. */
  get isUnsent(): boolean {
    return this.connection.bytesWritten === this.writtenBefore;
  }

  start({ bytes, body }: { bytes: RequestBytes; body: RequestBody }): void {
    if (!this.connection.write(bytes.head)) this.rest = bytes.body;
    else if (bytes.body !== null) this.connection.write(bytes.body);
    if (body === null || body instanceof Uint8Array) return;
    const { stream, length } = body;
    this.upload = new BodyUpload(this.connection, { stream, length, owner: this.owner });
    this.upload.run();
  }

  drained(): void {
    this.owner.progressed();
    const { rest } = this;
    this.rest = null;
    if (rest === null || this.connection.write(rest)) this.upload?.drained();
  }

  /** Sends nothing more; what was under way stays cut short. */
  stop(): void {
    if (this.isComplete) return;
    this.cutShort = true;
    this.rest = null;
    this.connection.dropUnsent();
    this.upload?.stop();
  }

  private get isHandedOver(): boolean {
    return this.rest === null && (this.upload === null || this.upload.isComplete);
  }
}
