import type { Turn } from '../../http1/turn.ts';
import { TransportError } from '../transport.ts';
import { Connection, type ConnectionOwner, type ConnectionTarget } from './connection.ts';
import type { DeadlineTimer } from './deadlineTimer.ts';
import type { TransportClock } from './transportClock.ts';

export interface OriginPoolOptions {
  readonly ca: string | undefined;
  readonly clock: TransportClock;
  readonly timer: DeadlineTimer;
  readonly turn: Turn;
  readonly maxConnections: number;
  readonly maxIdle: number;
  readonly idleTimeout: number;
  readonly maxWaiting: number;
  readonly queueTimeout: number;
}

/** Who asks for a connection. Exactly one of the two is called, once, unless it withdraws. */
export interface PoolClient {
  readonly connectDeadline: number;
  granted(connection: Connection): void;
  refused(failure: TransportError): void;
}

/**
 * The connections to one origin at one address. A free one is taken the latest first, so that the surplus of
 * a burst ages and goes; at the bound, requests wait in their order, for a bounded time.
 *
 * **Security**: a pool belongs to scheme, name, port and address together: a connection made for one name
 * never carries a request for another, though both have one address.
 */
export class OriginPool {
  /** For the deadlines of those who use its connections. */
  readonly timer: DeadlineTimer;
  private readonly target: ConnectionTarget;
  private readonly options: OriginPoolOptions;
  /** The longest unused first. */
  private readonly free: FreeConnection[] = [];
  private readonly waiting = new Map<PoolClient, unknown>();
  private readonly opening = new Map<PoolClient, Connection>();
  private connections = 0;
  private session: Buffer | null = null;
  private sweep: unknown = null;
  private sweepAt = Number.POSITIVE_INFINITY;
  private closed = false;

  constructor(target: ConnectionTarget, options: OriginPoolOptions) {
    this.timer = options.timer;
    this.target = target;
    this.options = options;
  }

  isFor({ scheme, hostname, port, address }: ConnectionTarget): boolean {
    const { target } = this;
    return (
      target.hostname === hostname &&
      target.address === address &&
      target.port === port &&
      target.scheme === scheme
    );
  }

  get active(): number {
    return this.connections - this.free.length;
  }

  get idle(): number {
    return this.free.length;
  }

  get isEmpty(): boolean {
    return this.connections === 0 && this.waiting.size === 0;
  }

  /** With `fresh`, no free connection is granted. */
  acquire(client: PoolClient, { fresh }: { fresh: boolean }): void {
    const connection = fresh ? undefined : this.takeFree();
    if (connection !== undefined) {
      client.granted(connection);
      return;
    }
    if (this.connections < this.options.maxConnections) this.open(client);
    else this.wait(client);
  }

  /** The client has given up: it is neither granted nor refused any more. */
  withdraw(client: PoolClient): void {
    this.options.clock.cancel(this.waiting.get(client));
    this.waiting.delete(client);
    const connection = this.opening.get(client);
    if (connection === undefined) return;
    this.opening.delete(client);
    connection.destroy();
    this.forget();
  }

  /** Takes a connection back after a whole exchange; `keepAlive` is what the upstream offers, in seconds. */
  release(connection: Connection, keepAlive: number | null): void {
    // A second of margin, or a request would cross the upstream's own closing.
    const offered = keepAlive === null ? Number.POSITIVE_INFINITY : keepAlive * 1000 - 1000;
    const time = Math.min(this.options.idleTimeout, offered);
    const next = time > 0 ? this.takeWaiting() : undefined;
    if (next !== undefined) next.granted(connection);
    else if (time <= 0 || this.closed) this.discard(connection);
    else {
      this.rememberSession(connection);
      this.keep(connection, this.options.clock.now() + time);
    }
  }

  /** Closes a connection in order, after a whole exchange that leaves it unfit for another. */
  discard(connection: Connection): void {
    this.rememberSession(connection);
    connection.close();
    this.forget();
  }

  /** Closes a connection at once, or takes note that the upstream did. */
  destroy(connection: Connection): void {
    connection.destroy();
    this.forget();
  }

  /** Closes the free connections now and the others as they come back. */
  close(): void {
    this.closed = true;
    while (this.free.length > 0) this.discardOldest();
    this.cancelSweep();
  }

  private takeFree(): Connection | undefined {
    const latest = this.free.pop();
    if (latest === undefined) return undefined;
    if (latest.expiresAt > this.options.clock.now()) return latest.connection;
    this.discard(latest.connection);
    return this.takeFree();
  }

  private open(client: PoolClient): void {
    this.connections++;
    const { ca, clock, turn } = this.options;
    const connection = new Connection(this.target, {
      ca,
      clock,
      turn,
      deadline: client.connectDeadline,
      session: this.session,
      settled: (failure) => {
        this.opening.delete(client);
        if (failure === null) {
          client.granted(connection);
          return;
        }
        client.refused(failure);
        this.forget();
      },
    });
    this.opening.set(client, connection);
  }

  private wait(client: PoolClient): void {
    const { clock, maxWaiting, queueTimeout } = this.options;
    if (this.waiting.size >= maxWaiting) {
      client.refused(new TransportError('overloaded', 'pool: too many waiting', NOTHING_SENT));
      return;
    }
    const expire = () => {
      this.waiting.delete(client);
      client.refused(new TransportError('overloaded', 'pool: waited too long', NOTHING_SENT));
    };
    this.waiting.set(client, clock.schedule(expire, queueTimeout));
  }

  private takeWaiting(): PoolClient | undefined {
    const next = this.waiting.entries().next();
    if (next.done) return undefined;
    const [client, timer] = next.value;
    this.options.clock.cancel(timer);
    this.waiting.delete(client);
    return client;
  }

  /** A connection is gone: there is room for whoever waits. */
  private forget(): void {
    this.connections--;
    const next = this.takeWaiting();
    if (next !== undefined) this.open(next);
  }

  /** After the first answer, since TLS 1.3 sends its tickets behind the handshake (RFC 8446, section 4.6.1). */
  private rememberSession(connection: Connection): void {
    if (this.target.scheme !== 'https' || connection.exchanges !== 1) return;
    this.session = connection.session ?? this.session;
  }

  private keep(connection: Connection, expiresAt: number): void {
    connection.free ??= new FreeConnection(connection, this);
    const { free } = connection;
    free.expiresAt = expiresAt;
    connection.owner = free;
    this.free.push(free);
    if (this.free.length > this.options.maxIdle) this.discardOldest();
    this.scheduleSweep(expiresAt);
  }

  /** @internal Something has happened on a free connection. */
  drop(free: FreeConnection): void {
    this.free.splice(this.free.indexOf(free), 1);
    this.destroy(free.connection);
  }

  private discardOldest(): void {
    this.discard(this.free.shift()!.connection);
  }

  /** One timer for all of them, moved only forward when it fires: none is set or cleared for a request. */
  private scheduleSweep(at: number): void {
    if (this.sweepAt <= at) return;
    this.cancelSweep();
    const { clock } = this.options;
    this.sweepAt = at;
    this.sweep = clock.schedule(this.discardExpired, Math.max(1, Math.ceil(at - clock.now())));
  }

  private readonly discardExpired = (): void => {
    this.sweep = null;
    this.sweepAt = Number.POSITIVE_INFINITY;
    const now = this.options.clock.now();
    const expired = this.free.filter((free) => free.expiresAt <= now);
    for (const free of expired) {
      this.free.splice(this.free.indexOf(free), 1);
      this.discard(free.connection);
    }
    const next = this.free.reduce((at, free) => Math.min(at, free.expiresAt), Number.POSITIVE_INFINITY);
    if (next !== Number.POSITIVE_INFINITY) this.scheduleSweep(next);
  };

  private cancelSweep(): void {
    if (this.sweep !== null) this.options.clock.cancel(this.sweep);
    this.sweep = null;
    this.sweepAt = Number.POSITIVE_INFINITY;
  }
}

/**
 * A connection while nobody uses it, made once for each. Whatever happens on it then ends it: bytes that nobody asked
 * for could become the answer to the next request.
 */
export class FreeConnection implements ConnectionOwner {
  readonly connection: Connection;
  expiresAt = 0;
  private readonly pool: Pick<OriginPool, 'drop'>;

  constructor(connection: Connection, pool: Pick<OriginPool, 'drop'>) {
    this.connection = connection;
    this.pool = pool;
  }

  received(): void {
    this.pool.drop(this);
  }

  drained(): void {
    this.pool.drop(this);
  }

  lost(): void {
    this.pool.drop(this);
  }
}

const NOTHING_SENT = { sent: false } as const;
