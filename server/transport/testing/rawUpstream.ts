import { readFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';

/** One connection that the upstream accepted; TLS is done. */
export interface RawConnection {
  readonly socket: Socket;
  /** Counts from 0 over the upstream's life. */
  readonly index: number;
  /** Name that the client asked for by SNI; null without TLS. */
  readonly serverName: string | null;
  /** What ALPN agreed on, `h2` being on offer too; null without. */
  readonly protocol: string | null;
  /** What came, head and body as on the wire, since the last request's head began. */
  readonly received: string;
  /** Resolves when `received` matches. */
  until(pattern: RegExp): Promise<string>;
  /** Resolves when the connection has gone, in whatever way. */
  readonly gone: Promise<void>;
  send(text: string | Uint8Array): void;
  /** Sends byte by byte, giving the other side a turn after each. */
  dribble(text: string): Promise<void>;
  /** An orderly end (FIN). */
  end(text?: string): void;
  reset(): void;
}

export interface RawUpstream extends AsyncDisposable {
  readonly port: number;
  /** Connections accepted so far, before TLS. */
  readonly accepted: number;
  /** Connections open now. */
  readonly open: number;
  /** Bytes of requests received in all, after TLS. */
  readonly bytes: number;
  /** Requests whose head has come. */
  readonly requests: number;
  /** TLS sessions that were resumed. */
  readonly resumed: number;
}

export interface RawUpstreamOptions {
  /** The certificate to show, by its file; without one there is no TLS. */
  certificate?: 'upstream' | 'wrong-name' | 'expired' | 'untrusted';
  /** Do not read what comes until the script says `socket.resume()`. */
  stalled?: boolean;
  /** Takes each socket as it is accepted, in the script's place. */
  raw?: (socket: Socket) => void;
}

/** A raw TCP or TLS server on loopback that calls `script` with each request's head. */
export async function startRawUpstream(
  script: (connection: RawConnection, head: string) => void,
  options: RawUpstreamOptions = {},
): Promise<RawUpstream> {
  const sockets = new Set<Socket>();
  const counts = { accepted: 0, established: 0, bytes: 0, requests: 0, resumed: 0 };
  const serve = (socket: Socket | TLSSocket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    if ('isSessionReused' in socket && socket.isSessionReused()) counts.resumed++;
    if (options.raw !== undefined) {
      socket.on('error', () => {});
      options.raw(socket);
      return;
    }
    const connection = connectionOf(socket, {
      index: counts.established++,
      arrived: (bytes) => {
        counts.bytes += bytes;
      },
      script: (head) => {
        counts.requests++;
        script(connection, head);
      },
    });
    if (options.stalled) socket.pause();
  };
  const server =
    options.certificate === undefined ? createServer(serve) : tlsServer(options.certificate, serve);
  server.on('connection', () => counts.accepted++);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as { port: number }).port,
    get accepted() {
      return counts.accepted;
    },
    get open() {
      return sockets.size;
    },
    get bytes() {
      return counts.bytes;
    },
    get requests() {
      return counts.requests;
    },
    get resumed() {
      return counts.resumed;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A file of `certificates/`, as text. */
export function certificate(file: string): string {
  return readFileSync(new URL(`certificates/${file}.pem`, import.meta.url), 'utf8');
}

function tlsServer(name: string, serve: (socket: TLSSocket) => void): Server {
  const server = createTlsServer(
    { key: certificate('leaf.key'), cert: certificate(name), ALPNProtocols: ['h2', 'http/1.1'] },
    serve,
  );
  server.on('tlsClientError', () => {});
  return server;
}

function connectionOf(
  socket: Socket | TLSSocket,
  {
    index,
    arrived,
    script,
  }: { index: number; arrived: (bytes: number) => void; script: (head: string) => void },
): RawConnection {
  const { promise: gone, resolve: leave } = Promise.withResolvers<void>();
  const waiting: { pattern: RegExp; resolve: (text: string) => void }[] = [];
  let received = '';
  let inBody = false;
  socket.setNoDelay(true);
  socket.on('error', () => {});
  socket.on('close', () => leave());
  socket.on('data', (bytes: Buffer) => {
    arrived(bytes.length);
    if (inBody && isWhole(received)) {
      received = '';
      inBody = false;
    }
    received += bytes.toString('latin1');
    if (!inBody && received.includes('\r\n\r\n')) {
      inBody = true;
      script(received.slice(0, received.indexOf('\r\n\r\n') + 4));
    }
    for (const wait of [...waiting]) {
      if (!wait.pattern.test(received)) continue;
      waiting.splice(waiting.indexOf(wait), 1);
      wait.resolve(received);
    }
  });
  return {
    socket,
    index,
    serverName: 'servername' in socket ? String(socket.servername) : null,
    protocol: ('alpnProtocol' in socket && socket.alpnProtocol) || null,
    gone,
    get received() {
      return received;
    },
    until(pattern) {
      if (pattern.test(received)) return Promise.resolve(received);
      const { promise, resolve } = Promise.withResolvers<string>();
      waiting.push({ pattern, resolve });
      return promise;
    },
    send(text) {
      socket.write(typeof text === 'string' ? Buffer.from(text, 'latin1') : text);
    },
    async dribble(text) {
      for (const byte of Buffer.from(text, 'latin1')) {
        if (socket.destroyed) return;
        socket.write(Uint8Array.of(byte));
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
    end(text) {
      socket.end(Buffer.from(text ?? '', 'latin1'));
    },
    reset() {
      (socket as Socket).resetAndDestroy();
    },
  };
}

/** True when a request has come to its end, so that what follows is the next one. */
function isWhole(received: string): boolean {
  const head = received.indexOf('\r\n\r\n') + 4;
  if (/\r\ntransfer-encoding: chunked\r\n/i.test(received)) return received.endsWith('\r\n0\r\n\r\n');
  const length = /\r\ncontent-length: (\d+)\r\n/i.exec(received)?.[1] ?? '0';
  return received.length >= head + Number(length);
}
