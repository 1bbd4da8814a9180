import type { Socket } from 'bun';
import { Outgoing, type Piece } from '../../http1/outgoing.ts';
import type { Turn, TurnMember } from '../../http1/turn.ts';
import { TransportError, type UpstreamRequest } from '../transport.ts';
import { connectFailure } from './connectFailure.ts';
import type { FreeConnection } from './originPool.ts';
import type { TransportClock } from './transportClock.ts';

/** Where a connection goes: what it is pooled by. */
export type ConnectionTarget = Pick<UpstreamRequest, 'scheme' | 'hostname' | 'port' | 'address'>;

/** Who uses an open connection now. */
export interface ConnectionOwner {
  /** The bytes are the owner's: every read has a buffer of its own (measured on Bun 1.4.5, plain and TLS). */
  received(bytes: Buffer): void;
  /** All that was written has gone to the kernel. */
  drained(): void;
  /** By the upstream: `end` in order, `reset` in any other way. Not called after `close` or `destroy`. */
  lost(how: 'end' | 'reset'): void;
}

export interface ConnectionOptions {
  /** PEM certificates of all authorities to trust; undefined for the built-in ones. */
  readonly ca: string | undefined;
  readonly clock: TransportClock;
  readonly turn: Turn;
  /** Milliseconds to be open, TLS included; 0 for no limit. */
  readonly deadline: number;
  /** A TLS session of an earlier connection to the same target. */
  readonly session: Buffer | null;
  /** Called once, unless `destroy` comes first: with null when it is open, else with why it is not. */
  readonly settled: (failure: TransportError | null) => void;
}

/**
 * One socket to one upstream: opening with TLS, writing with back-pressure, how it went.
 *
 * **Security**: connects to `target.address`; over TLS the chain and the name `target.hostname` are verified
 * before `settled(null)`, whatever NODE_TLS_REJECT_UNAUTHORIZED says, so that no byte of a request reaches
 * another server.
 */
export class Connection implements TurnMember {
  owner: ConnectionOwner | null = null;
  /** Its owner while it is free, once it has been: its pool's to make. */
  free: FreeConnection | null = null;
  /** Exchanges that it has carried. */
  exchanges = 0;
  /** Milliseconds that opening took. */
  openedIn = 0;
  /** Bytes accepted by the kernel since it was opened. */
  bytesWritten = 0;

  /** Null once it is open or has failed. */
  private options: ConnectionOptions | null;
  private readonly clock: TransportClock;
  private readonly turn: Turn;
  private readonly startedAt: number;
  private socket: Socket<Connection> | null = null;
  private state: 'opening' | 'open' | 'closed' = 'opening';
  private timer: unknown = null;
  private readonly outgoing = new Outgoing();
  private endSeen = false;
  private paused = false;

  constructor(target: ConnectionTarget, options: ConnectionOptions) {
    this.options = options;
    this.clock = options.clock;
    this.turn = options.turn;
    this.startedAt = options.clock.now();
    if (options.deadline > 0) {
      this.timer = options.clock.schedule(
        () => this.failOpening(new TransportError('upstream_timeout', 'deadline: connect', { sent: false })),
        options.deadline,
      );
    }
    const secure = target.scheme === 'https';
    Bun.connect<Connection>({
      hostname: target.address,
      port: target.port,
      data: this,
      socket: secure ? TLS_EVENTS : PLAIN_EVENTS,
      ...(secure ? { tls: tlsOptions(target.hostname, options.ca) } : {}),
    }).catch((error) => this.failOpening(connectFailure(error, 'connect')));
  }

  get isOpen(): boolean {
    return this.state === 'open';
  }

  /** False until everything written has gone to the kernel. */
  get isDrained(): boolean {
    return this.outgoing.length === 0;
  }

  /** A TLS session to resume, once the upstream has sent one. */
  get session(): Buffer | null {
    const session = (this.socket as { getSession(): unknown } | null)?.getSession();
    return Buffer.isBuffer(session) ? session : null;
  }

  /**
   * Writes at the end of the turn: what had come before a request is read before any of the request goes out.
   * `drained` follows when the kernel has everything; an upload that waits for that holds one piece in memory.
   */
  write(piece: Piece): void {
    this.outgoing.push(piece);
    this.turn.write(this);
  }

  /** @internal A socket's event. */
  readable(bytes: Buffer): void {
    this.turn.read(this, bytes);
  }

  /** @internal The end of the turn. */
  received(bytes: Buffer): void {
    this.owner?.received(bytes);
  }

  /** Forgets what was not sent yet. The connection cannot be used for another request. */
  dropUnsent(): void {
    this.outgoing.clear();
  }

  pause(): void {
    if (this.paused || this.state !== 'open') return;
    this.paused = true;
    this.socket?.pause();
  }

  resume(): void {
    if (!this.paused || this.state !== 'open') return;
    this.paused = false;
    this.socket?.resume();
  }

  /** Closes in order (FIN), after a whole exchange. */
  close(): void {
    const socket = this.detach();
    socket?.close();
  }

  /** @internal The socket's close event tells its owner. */
  fail(): void {
    this.socket?.terminate();
  }

  /** Closes at once (RST), so that the upstream stops too. Also while it is being opened. */
  destroy(): void {
    const socket = this.detach();
    socket?.terminate();
  }

  /** @internal A socket's event: the TCP connection is there. */
  opened(socket: Socket<Connection>, secure: boolean): void {
    // Bun hands out no socket before this moment: one given up earlier can only be closed now.
    if (this.state !== 'opening') {
      socket.terminate();
      return;
    }
    this.socket = socket;
    socket.setNoDelay(true);
    // Tells a silent stream from an upstream that has vanished.
    socket.setKeepAlive(true, 60_000);
    if (!secure) this.succeed();
    else if (this.options!.session !== null) socket.setSession(this.options!.session);
  }

  /** @internal A socket's event. */
  shookHands(socket: Socket<Connection>, success: boolean, error: unknown): void {
    if (this.state !== 'opening') return;
    if (success && socket.authorized) this.succeed();
    else this.failOpening(connectFailure(error, 'tls'));
  }

  /** @internal The end of the turn, or the socket takes more. */
  flush(): void {
    if (this.isDrained || this.socket === null) return;
    const { length } = this.outgoing;
    this.outgoing.writeTo(this.socket);
    this.bytesWritten += length - this.outgoing.length;
    if (this.isDrained) this.owner?.drained();
  }

  /** @internal A socket's event: the upstream has ended its side. */
  ended(): void {
    this.turn.settle();
    this.endSeen = true;
  }

  /** @internal A socket's event. */
  closed(error: unknown): void {
    this.turn.settle();
    if (this.state === 'opening') this.failOpening(connectFailure(error ?? { code: 'ECONNRESET' }, 'tls'));
    if (this.state === 'closed') return;
    const owner = this.owner;
    this.detach();
    owner?.lost(this.endSeen && !error ? 'end' : 'reset');
  }

  private succeed(): void {
    this.state = 'open';
    this.openedIn = this.clock.now() - this.startedAt;
    this.clearTimer();
    this.settle(null);
  }

  private failOpening(failure: TransportError): void {
    if (this.state !== 'opening') return;
    this.destroy();
    this.settle(failure);
  }

  private settle(failure: TransportError | null): void {
    const { settled } = this.options!;
    this.options = null;
    settled(failure);
  }

  /** Before closing: `close` and `terminate` of a socket call its close event at once. */
  private detach(): Socket<Connection> | null {
    const { socket } = this;
    this.state = 'closed';
    this.socket = null;
    this.owner = null;
    this.outgoing.clear();
    this.clearTimer();
    return socket;
  }

  private clearTimer(): void {
    if (this.timer !== null) this.clock.cancel(this.timer);
    this.timer = null;
  }
}

/** One set for all sockets: what differs stands in `socket.data`. */
const PLAIN_EVENTS = {
  binaryType: 'buffer',
  open: (socket) => socket.data.opened(socket, false),
  data: (socket, bytes) => socket.data.readable(bytes),
  drain: (socket) => socket.data.flush(),
  end: (socket) => socket.data.ended(),
  close: (socket, error) => socket.data.closed(error),
  // A TLS session that broke, or a defect of ours: either way the connection is no good, and `close` tells.
  error: (socket) => socket.data.fail(),
  // Without it, Bun would count the rejection of `Bun.connect` as one that nobody takes.
  connectError: () => {},
} satisfies Bun.SocketHandler<Connection>;

const TLS_EVENTS = {
  ...PLAIN_EVENTS,
  open: (socket) => socket.data.opened(socket, true),
  handshake: (socket, success, error) => socket.data.shookHands(socket, success, error),
} satisfies Bun.SocketHandler<Connection>;

function tlsOptions(hostname: string, ca: string | undefined): Bun.TLSOptions {
  return {
    serverName: hostname.replace(/^\[|\]$/g, ''),
    rejectUnauthorized: true,
    ALPNProtocols: ALPN_HTTP1,
    ...(ca === undefined ? {} : { ca }),
  };
}

/** In the protocol's own form, a length before each name (RFC 7301, section 3.1). */
const ALPN_HTTP1 = Buffer.from('\x08http/1.1', 'latin1');
