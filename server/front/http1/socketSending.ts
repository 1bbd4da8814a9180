import type { Socket } from 'bun';
import { Outgoing, type Piece } from '../../http1/outgoing.ts';
import type { Turn } from '../../http1/turn.ts';
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
  private readonly outgoing = new Outgoing();
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
    return this.outgoing.length === 0;
  }

  /** Undefined unless the socket takes no more; then a promise that it has, or that there is no socket any more. */
  get room(): undefined | Promise<void> {
    if (!this.isBlocked) return undefined;
    this.taken ??= Promise.withResolvers();
    return this.taken.promise;
  }

  write(piece: Piece): void {
    this.outgoing.push(piece);
    if (this.isBlocked) return;
    if (this.outgoing.length > BATCHED_BYTES) this.flush();
    else if (!this.isBatched) {
      this.isBatched = true;
      this.options.turn.write(this.socket.data);
    }
  }

  /** Writes what there is: the turn ends, or the socket takes more. */
  flush(): void {
    this.isBatched = false;
    if (this.isDone) return;
    this.outgoing.writeTo(this.socket);
    if (this.isDone) {
      this.settle();
      return;
    }
    this.isBlocked = true;
    const { limits, turn } = this.options;
    if (limits.sendTimeout > 0) this.takenBy = turn.now() + limits.sendTimeout;
  }

  /** The socket has gone: whoever waits for it waits no more. */
  giveUp(): void {
    this.outgoing.clear();
    this.settle();
  }

  isOverdue(now: number): boolean {
    return now >= this.takenBy;
  }

  private settle(): void {
    this.isBlocked = false;
    this.takenBy = Number.POSITIVE_INFINITY;
    const { taken } = this;
    this.taken = null;
    taken?.resolve();
  }
}

/** Up to here bytes wait for the end of the turn; more are written at once. */
const BATCHED_BYTES = 16 * 1024;
