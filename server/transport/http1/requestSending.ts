import type { RequestBody, TransportError } from '../transport.ts';
import { BodyUpload } from './bodyUpload.ts';
import type { Connection } from './connection.ts';

export interface SendingOwner {
  /** A piece has gone to the kernel, or is on its way there. */
  progressed(): void;
  /** The body's stream failed or kept not to its length; nothing of it may look like a whole body. */
  failed(failure: TransportError): void;
}

/** What is sent: the head, as Latin-1 text, and the body. */
export interface OutgoingRequest {
  readonly head: string;
  readonly body: RequestBody;
}

/** One request on its way into one connection: its head, then its bytes or its stream. */
export class RequestSending {
  private readonly connection: Connection;
  private readonly owner: SendingOwner;
  private readonly writtenBefore: number;
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

  start({ head, body }: OutgoingRequest): void {
    this.connection.write(head);
    if (body === null) return;
    if (body instanceof Uint8Array) {
      if (body.length > 0) this.connection.write(body);
      return;
    }
    const { stream, length } = body;
    this.upload = new BodyUpload(this.connection, { stream, length, owner: this.owner });
    this.upload.run();
  }

  drained(): void {
    this.owner.progressed();
    this.upload?.drained();
  }

  /** Sends nothing more; what was under way stays cut short. */
  stop(): void {
    if (this.isComplete) return;
    this.cutShort = true;
    this.connection.dropUnsent();
    this.upload?.stop();
  }

  private get isHandedOver(): boolean {
    return this.upload === null || this.upload.isComplete;
  }
}
