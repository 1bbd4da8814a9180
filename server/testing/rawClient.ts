import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { CA } from './certificates.ts';

/** A port of loopback, or whoever listens, with TLS if it does. */
export type RawTarget = number | { readonly url: URL; readonly port: number };

/** A TCP client, or one of HTTP/1.1 over TLS, that sends exactly what it is told and keeps exactly what it gets. */
export class RawClient implements Disposable {
  received = '';
  /** How the connection ended: `reset`, `closed` by the other side, or still open. */
  ended: 'open' | 'closed' | 'reset' = 'open';
  readonly #socket: Socket;
  readonly #waiting: { until: (client: RawClient) => boolean; resolve: () => void }[] = [];

  constructor(target: RawTarget) {
    this.#socket = connectTo(target);
    this.#socket.setNoDelay(true);
    this.#socket.on('data', (bytes) => {
      this.received += bytes.toString('latin1');
      this.#check();
    });
    this.#socket.on('error', () => this.#end('reset'));
    this.#socket.on('close', () => this.#end('closed'));
  }

  send(text: string | Uint8Array): this {
    this.#socket.write(typeof text === 'string' ? Buffer.from(text, 'latin1') : text);
    return this;
  }

  /** Resolves when what was received satisfies `until`, or the connection ended. */
  async receive(until: RegExp | ((client: RawClient) => boolean)): Promise<string> {
    const satisfied = typeof until === 'function' ? until : () => until.test(this.received);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push({ until: satisfied, resolve });
    this.#check();
    await promise;
    return this.received;
  }

  /** Resolves when the connection has ended, with all that was received. */
  finished(): Promise<string> {
    return this.receive((client) => client.ended !== 'open');
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Ends its own side, as one does that leaves in order, or that only wants to read on. */
  end(): void {
    this.#socket.end();
  }

  /** Leaves at once. */
  leave(): void {
    this.#socket.resetAndDestroy();
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  #end(how: 'closed' | 'reset'): void {
    if (this.ended === 'open') this.ended = how;
    this.#check();
  }

  #check(): void {
    for (const waiting of this.#waiting.splice(0)) {
      if (waiting.until(this) || this.ended !== 'open') waiting.resolve();
      else this.#waiting.push(waiting);
    }
  }
}

function connectTo(target: RawTarget): Socket {
  if (typeof target === 'number') return connect(target, HOST);
  const { url, port } = target;
  if (url.protocol === 'http:') return connect(port, HOST);
  return connectTls({ port, host: HOST, ca: CA, ALPNProtocols: ['http/1.1'] });
}

const HOST = '127.0.0.1';

/** A request as bytes. Adds `Host` alone; every other header is the caller's. */
export function rawRequest(
  url: string,
  { method = 'GET', headers = {}, body = '' }: RawRequestOptions = {},
): string {
  const { host, pathname, search } = new URL(url);
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${pathname}${search} HTTP/1.1\r\nHost: ${host}\r\n${lines.join('')}\r\n${body}`;
}

export interface RawRequestOptions {
  method?: string;
  headers?: Readonly<Record<string, string>>;
  body?: string;
}
