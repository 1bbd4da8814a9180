import type { Socket } from 'bun';
import { createMessageReader } from './messageReader.ts';

export interface OpenLoopOptions {
  /** Requests a second, evenly spaced. */
  rate: number;
  seconds: number;
  /** Kept-alive connections; a request that finds none free waits, and its waiting counts. */
  connections: number;
  /** The body that every answer must have. */
  expected: string;
}

export interface OpenLoopResult {
  /** From the tick at which a request was due to the last byte of its answer, in milliseconds, ascending. */
  readonly latencies: readonly number[];
  /** By how much that tick came after the moment that was meant: the client's own error, ascending. */
  readonly lateness: readonly number[];
}

/**
 * Sends requests at fixed moments, whatever has become of those before, and measures each from the moment it was
 * due, also when it had to wait for a connection. A client that waits for answers before it sends again asks less
 * of a slow server, and so hides its pauses (coordinated omission); this one does not.
 *
 * Timers tick once a millisecond, and that is no fault of a server's: what is measured begins at the tick.
 *
 * @throws {Error} for an answer that is not the one expected, for a connection that ends
 */
export async function openLoop(
  url: string,
  { rate, seconds, connections, expected }: OpenLoopOptions,
): Promise<OpenLoopResult> {
  const total = rate * seconds;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const request = requestFor(new URL(url));
  const latencies: number[] = [];
  const lateness: number[] = [];
  const waiting: number[] = [];
  let sent = 0;
  let done = false;

  const free = await Promise.all(Array.from({ length: connections }, () => connect(new URL(url))));
  const sockets = [...free];
  const started = performance.now();
  const timer = setInterval(sendWhatIsDue, 1);
  const late = setTimeout(
    () => {
      reject(new Error(`${latencies.length} of ${total} answers came within ${seconds + GRACE_SECONDS} s`));
    },
    (seconds + GRACE_SECONDS) * 1000,
  );
  try {
    await promise;
  } finally {
    done = true;
    clearInterval(timer);
    clearTimeout(late);
    for (const socket of sockets) socket.terminate();
  }
  const ascending = (a: number, b: number) => a - b;
  return { latencies: latencies.sort(ascending), lateness: lateness.sort(ascending) };

  function sendWhatIsDue(): void {
    const now = performance.now();
    for (; sent < total; sent++) {
      const due = started + (sent * 1000) / rate;
      if (due > now) return;
      lateness.push(now - due);
      const socket = free.shift();
      if (socket === undefined) waiting.push(now);
      else send(socket, now);
    }
  }

  function send(socket: Socket<Answering>, due: number): void {
    socket.data.due = due;
    socket.write(request);
  }

  function connect({ hostname, port }: URL): Promise<Socket<Answering>> {
    return Bun.connect<Answering>({
      hostname,
      port: Number(port),
      socket: {
        open(socket) {
          socket.data = { due: 0, read: readerOf(socket) };
        },
        data(socket, bytes) {
          try {
            socket.data.read(bytes);
          } catch (error) {
            reject(error);
          }
        },
        close() {
          if (!done) reject(new Error('a connection ended'));
        },
        error: (_, error) => reject(error),
      },
    });
  }

  function readerOf(socket: Socket<Answering>): Answering['read'] {
    let body = '';
    return createMessageReader({
      head(startLine) {
        body = '';
        if (!startLine.startsWith('HTTP/1.1 200')) throw new Error(`answered ${startLine}`);
      },
      body(bytes) {
        body += Buffer.from(bytes).toString();
      },
      end() {
        if (body !== expected) throw new Error(`answered ${body}`);
        latencies.push(performance.now() - socket.data.due);
        const due = waiting.shift();
        if (due === undefined) free.push(socket);
        else send(socket, due);
        if (latencies.length === total) resolve();
      },
    });
  }
}

interface Answering {
  due: number;
  read(bytes: Uint8Array): void;
}

const GRACE_SECONDS = 20;

function requestFor({ pathname, search, host }: URL): string {
  return `GET ${pathname}${search} HTTP/1.1\r\nHost: ${host}\r\nAccept: */*\r\n\r\n`;
}
