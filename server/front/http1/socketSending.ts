import type { Socket } from 'bun';
import type { Limits } from '../../limits.ts';
import type { ClientConnection } from './clientConnection.ts';

export interface SocketSendingOptions {
  readonly limits: Pick<Limits, 'sendTimeout'>;
  /** Milliseconds that never go backwards. */
  readonly now: () => number;
}

/**
 * What goes to one client. What its socket does not take at once waits here, and some of it must have been taken by
 * a deadline.
 */
export class SocketSending {
  private readonly socket: Socket<ClientConnection>;
  private readonly options: SocketSendingOptions;
  private unsent: Uint8Array | null = null;
  private taken: PromiseWithResolvers<void> | null = null;
  private takenBy = Number.POSITIVE_INFINITY;

  constructor(socket: Socket<ClientConnection>, options: SocketSendingOptions) {
    this.socket = socket;
    this.options = options;
  }

  /** True when the socket has taken everything. */
  get isDone(): boolean {
    return this.unsent === null;
  }

  /** Undefined when the socket has taken everything; else a promise of that, or of there being no socket any more. */
  get done(): undefined | Promise<void> {
    if (this.unsent === null) return undefined;
    this.taken ??= Promise.withResolvers();
    return this.taken.promise;
  }

  send(bytes: Uint8Array): void {
    if (this.unsent === null) this.write(bytes);
    else this.unsent = Buffer.concat([this.unsent, bytes]);
  }

  /** The socket takes more. */
  becameWritable(): void {
    const { unsent } = this;
    if (unsent === null) return;
    this.unsent = null;
    this.write(unsent);
    if (this.unsent === null) this.settle();
  }

  /** The socket has gone: whoever waits for it waits no more. */
  giveUp(): void {
    this.unsent = null;
    this.settle();
  }

  isOverdue(now: number): boolean {
    return now >= this.takenBy;
  }

  private write(bytes: Uint8Array): void {
    const written = Math.max(0, this.socket.write(bytes));
    if (written === bytes.length) return;
    this.unsent = bytes.subarray(written);
    const { limits, now } = this.options;
    if (limits.sendTimeout > 0) this.takenBy = now() + limits.sendTimeout;
  }

  private settle(): void {
    this.takenBy = Number.POSITIVE_INFINITY;
    const { taken } = this;
    this.taken = null;
    taken?.resolve();
  }
}
