import { createServer, type Server, type Socket } from 'node:net';

/** One connection that an upstream accepted, with what was received on it. */
export interface UpstreamConnection {
  readonly socket: Socket;
  received: string;
  /** Resolves when what was received matches. */
  receive(pattern: RegExp): Promise<string>;
  /** Resolves when the other side has gone. */
  readonly gone: Promise<void>;
  send(text: string | Uint8Array): void;
}

export interface ScriptedUpstream extends AsyncDisposable {
  readonly port: number;
  readonly origin: string;
  /** Connections accepted so far. */
  readonly accepted: number;
  /** Connections open now. */
  readonly open: number;
  /** The next connection's first request: resolves when its head is there. */
  next(): Promise<UpstreamConnection>;
}

/**
 * A TCP server that answers each request head with what `script` does to its connection.
 * Without a script the test takes the connections by `next` and answers by hand.
 */
export async function startUpstream(
  script: (connection: UpstreamConnection, head: string) => void = () => {},
  { hostname = '127.0.0.1', port: wanted = 0 }: { hostname?: string; port?: number } = {},
): Promise<ScriptedUpstream> {
  const sockets = new Set<Socket>();
  const arrived: UpstreamConnection[] = [];
  const waiting: ((connection: UpstreamConnection) => void)[] = [];
  let accepted = 0;
  const server: Server = createServer((socket) => {
    accepted++;
    sockets.add(socket);
    const connection = connectionOf(socket, (head) => {
      const taker = waiting.shift();
      if (taker === undefined) arrived.push(connection);
      else taker(connection);
      script(connection, head);
    });
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(wanted, hostname, resolve);
  });
  const { port } = server.address() as { port: number };
  return {
    port,
    origin: `http://${hostname}:${port}`,
    get accepted() {
      return accepted;
    },
    get open() {
      return sockets.size;
    },
    next() {
      const there = arrived.shift();
      if (there !== undefined) return Promise.resolve(there);
      const { promise, resolve } = Promise.withResolvers<UpstreamConnection>();
      waiting.push(resolve);
      return promise;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function connectionOf(socket: Socket, onHead: (head: string) => void): UpstreamConnection {
  const waiting: { pattern: RegExp; resolve: (received: string) => void }[] = [];
  const { promise: gone, resolve: left } = Promise.withResolvers<void>();
  let headsSeen = 0;
  const connection: UpstreamConnection = {
    socket,
    received: '',
    gone,
    receive(pattern) {
      const { promise, resolve } = Promise.withResolvers<string>();
      waiting.push({ pattern, resolve });
      check();
      return promise;
    },
    send: (text) => void socket.write(typeof text === 'string' ? Buffer.from(text, 'latin1') : text),
  };
  socket.setNoDelay(true);
  socket.on('error', () => {});
  socket.on('close', () => left());
  socket.on('data', (bytes) => {
    connection.received += bytes.toString('latin1');
    const heads = connection.received.match(HEAD) ?? [];
    for (const head of heads.slice(headsSeen)) onHead(head);
    headsSeen = heads.length;
    check();
  });
  return connection;

  function check(): void {
    for (const each of waiting.splice(0)) {
      if (each.pattern.test(connection.received)) each.resolve(connection.received);
      else waiting.push(each);
    }
  }
}

/** Also right behind a body, whose last line has no end. */
const HEAD = /[A-Z]+ \S+ HTTP\/1\.1\r\n(?:[^\r\n]+\r\n)*\r\n/g;
