import type { Socket } from 'bun';
import { BATCHED_BYTES, type Turn } from '../../http1/turn.ts';
import type { Limits } from '../../limits.ts';
import type { ClientConnection } from './clientConnection.ts';

export interface SocketSendingOptions {
  readonly limits: Pick<Limits, 'sendTimeout'>;
  readonly turn: Turn;
}

/**
 * What goes to one client: a few bytes at the end of the turn, with those of others, more at once. What the socket
 * does not take then waits here, and some of it must have been taken by a deadline.
 */
export class SocketSending {
  private readonly socket: Socket<ClientConnection>;
  private readonly options: SocketSendingOptions;
  private unsent: Uint8Array | null = null;
  private isBatched = false;
  /** True while the socket takes no more. */
  private isBlocked = false;
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

  /** Undefined unless the socket takes no more; then a promise that it has, or that there is no socket any more. */
  get room(): undefined | Promise<void> {
    if (!this.isBlocked) return undefined;
    this.taken ??= Promise.withResolvers();
    return this.taken.promise;
  }

  send(bytes: Uint8Array): void {
    if (!this.isBlocked && bytes.length > BATCHED_BYTES) {
      this.flush();
      if (!this.isBlocked) {
        this.write(bytes);
        return;
      }
    }
    this.unsent = this.unsent === null ? bytes : Buffer.concat([this.unsent, bytes]);
    if (this.isBlocked) return;
    if (this.unsent.length > BATCHED_BYTES) this.flush();
    else if (!this.isBatched) {
      this.isBatched = true;
      this.options.turn.write(this.socket.data);
    }
  }

  /** Writes what there is: the turn ends, or the socket takes more. */
  flush(): void {
    const { unsent } = this;
    this.isBatched = false;
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
    this.isBlocked = true;
    this.unsent = bytes.subarray(written);
    const { limits, turn } = this.options;
    if (limits.sendTimeout > 0) this.takenBy = turn.now() + limits.sendTimeout;
  }

  private settle(): void {
    this.isBlocked = false;
    this.takenBy = Number.POSITIVE_INFINITY;
    const { taken } = this;
    this.taken = null;
    taken?.resolve();
  }
}
