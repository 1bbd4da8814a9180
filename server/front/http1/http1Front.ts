import type { Handler } from '../../handler.ts';
import type { Turn } from '../../http1/turn.ts';
import type { Limits } from '../../limits.ts';
import type { Front, ListenOptions } from '../front.ts';
import { onEveryAddress } from '../onEveryAddress.ts';
import { ClientConnection, type ConnectionContext } from './clientConnection.ts';
import { connectionLimit } from './connectionLimit.ts';
import { requestHeads } from './requestParser.ts';

export interface Http1FrontOptions extends ListenOptions {
  readonly handler: Handler;
  readonly limits: Limits;
  /** Whose end its connections read and write at. */
  readonly turn: Turn;
}

/**
 * Listens for HTTP/1.1 (and HTTP/1.0) on plain sockets.
 *
 * It stands in the place of `Bun.serve`, which withholds the head of a streamed answer until the first byte of its
 * body, loses its length, its reason phrase and its separate header lines, and costs twice as much (see
 * docs/decisions/0003-a-front-of-our-own.md).
 *
 * @throws what the system says when it cannot listen, with its `code`
 */
export function listenHttp1(options: Http1FrontOptions): Front {
  const { handler, limits, turn, port, hostname, reusePort } = options;
  const connections = new Set<ClientConnection>();
  const most = connectionLimit();
  let stopping = false;
  let ended: (() => void) | null = null;
  const context: ConnectionContext = {
    handler,
    limits,
    heads: requestHeads(limits),
    turn,
    date: createDate(turn.wallClock),
    stopping: () => stopping,
    onClose(connection) {
      connections.delete(connection);
      if (connections.size === 0) ended?.();
    },
  };
  const listen = (address: string) =>
    Bun.listen<ClientConnection>({
      port,
      hostname: address,
      reusePort,
      socket: {
        binaryType: 'buffer',
        open(socket) {
          socket.setNoDelay(true);
          // Tells a client of a silent stream from one that has vanished.
          socket.setKeepAlive(true, 60_000);
          const connection = new ClientConnection(socket, context);
          const isOneTooMany = connections.size >= most && !makeRoom(connections, turn);
          connections.add(connection);
          socket.data = connection;
          if (isOneTooMany) connection.turnAway();
        },
        data: (socket, bytes) => turn.read(socket.data, bytes),
        drain: (socket) => socket.data.flush(),
        close(socket) {
          turn.settle();
          socket.data.closed();
        },
        // A defect of ours in one of these: the connection is no good any more.
        error: (socket) => socket.data.fail(),
      },
    } as Bun.TCPSocketListenOptions<ClientConnection>);
  const listener = hostname === undefined ? onEveryAddress(listen) : listen(hostname);
  const sweep = setInterval(() => {
    turn.settle();
    const now = performance.now();
    for (const connection of connections) connection.checkDeadlines(now);
  }, sweepInterval(limits));

  return {
    url: new URL(`http://${shownHost(hostname)}:${listener.port}/`),
    port: listener.port,
    drain() {
      stopping = true;
      listener.stop();
      const { promise, resolve } = Promise.withResolvers<void>();
      ended = () => {
        clearInterval(sweep);
        resolve();
      };
      turn.settle();
      for (const connection of [...connections]) connection.closeIfIdle();
      if (connections.size === 0) ended();
      return promise;
    },
    async destroy() {
      clearInterval(sweep);
      listener.stop();
      for (const connection of [...connections]) connection.abandon();
    },
  };
}

/** As a URL has it: an IPv6 address in brackets, without its zone. */
function shownHost(hostname = '::'): string {
  if (hostname === '::') return 'localhost';
  return hostname.includes(':') ? `[${hostname.replace(/%.*/, '')}]` : hostname;
}

/** Closes the one that would be closed first if its client went on saying nothing; false where all are at work. */
function makeRoom(connections: ReadonlySet<ClientConnection>, turn: Turn): boolean {
  turn.settle();
  let first: ClientConnection | null = null;
  let until = Number.POSITIVE_INFINITY;
  for (const connection of connections) {
    const { waitsUntil } = connection;
    if (waitsUntil === null || (first !== null && waitsUntil >= until)) continue;
    first = connection;
    until = waitsUntil;
  }
  first?.giveWay();
  return first !== null;
}

/** Deadlines are kept to a second or, where one is set shorter than that asks for, to a quarter of the shortest. */
function sweepInterval(limits: Limits): number {
  const { headerTimeout, bodyTimeout, bodySilenceTimeout, keepAliveTimeout, sendTimeout } = limits;
  const timeouts = [headerTimeout, bodyTimeout, bodySilenceTimeout, keepAliveTimeout, sendTimeout];
  const shortest = Math.min(...timeouts.filter((timeout) => timeout > 0), 4000);
  return Math.max(5, shortest / 4);
}

/** The time as an answer's `Date` has it (RFC 9110, section 5.6.7), written once a second. */
function createDate(clock: () => number): () => string {
  let second = 0;
  let text = '';
  return () => {
    const now = Math.floor(clock() / 1000);
    if (now !== second) {
      second = now;
      text = new Date(now * 1000).toUTCString();
    }
    return text;
  };
}
