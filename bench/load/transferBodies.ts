import type { Socket } from 'bun';
import { matchesPattern, PATTERN_PERIOD, patternAt } from '../upstreams/pattern.ts';
import { createMessageReader } from './messageReader.ts';

export interface TransferOptions {
  direction: 'download' | 'upload';
  /** Bytes of one body. */
  size: number;
  /** Kept-alive connections, each transferring one body after the other. */
  connections: number;
  /** No body is begun after this; those that were are finished. 0 transfers one body a connection. */
  seconds: number;
  /** The most that a connection reads. Default: all it can. */
  bytesPerSecond?: number;
}

/**
 * Transfers bodies of the pattern, and compares every byte: a download's here, an upload's at the upstream.
 *
 * @returns how many bytes went over, and in how many seconds
 * @throws {Error} for an answer that is not 200, a byte that differs, a connection that ends
 */
export async function transferBodies(
  url: string,
  options: TransferOptions,
): Promise<{ bytes: number; seconds: number }> {
  const started = performance.now();
  const until = started + options.seconds * 1000;
  const each = await Promise.all(
    Array.from({ length: options.connections }, () => transferOn(new URL(url), { ...options, until })),
  );
  return {
    bytes: each.reduce((sum, bytes) => sum + bytes, 0),
    seconds: (performance.now() - started) / 1000,
  };
}

interface Transfer {
  read(bytes: Uint8Array): void;
  /** Of an upload: the bytes of the body that were sent. */
  sent: number;
}

async function transferOn(
  url: URL,
  { direction, size, until, bytesPerSecond = Number.POSITIVE_INFINITY }: TransferOptions & { until: number },
): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const head = requestHead(url, direction === 'upload' ? size : 0);
  const started = performance.now();
  let total = 0;
  let finished = false;

  const socket = await Bun.connect<Transfer>({
    hostname: url.hostname,
    port: Number(url.port),
    socket: {
      open(socket) {
        socket.data = { read: readerOf(socket), sent: 0 };
        begin(socket);
      },
      data(socket, bytes) {
        try {
          socket.data.read(bytes);
        } catch (error) {
          reject(error);
        }
        const due = (total / bytesPerSecond) * 1000 - (performance.now() - started);
        if (due > 1 && !finished) {
          socket.pause();
          setTimeout(() => socket.resume(), due);
        }
      },
      drain: fill,
      close: () => reject(new Error('the connection ended within a body')),
      error: (_, error) => reject(error),
    },
  });
  try {
    return await promise;
  } finally {
    finished = true;
    socket.terminate();
  }

  function begin(socket: Socket<Transfer>): void {
    socket.data.sent = 0;
    socket.write(head);
    fill(socket);
  }

  function fill(socket: Socket<Transfer>): void {
    if (direction === 'download') return;
    while (socket.data.sent < size) {
      const part = patternAt(socket.data.sent, Math.min(PATTERN_PERIOD, size - socket.data.sent));
      const written = socket.write(part);
      if (written <= 0) return;
      socket.data.sent += written;
      if (written < part.length) return;
    }
  }

  function readerOf(socket: Socket<Transfer>): Transfer['read'] {
    let received = 0;
    let said = '';
    return createMessageReader({
      head(startLine) {
        received = 0;
        said = '';
        if (!startLine.startsWith('HTTP/1.1 200')) throw new Error(`answered ${startLine}`);
      },
      body(bytes) {
        if (direction === 'upload') said += Buffer.from(bytes).toString();
        else if (!matchesPattern(bytes, received)) throw new Error(`a byte after ${received} differs`);
        else total += bytes.length;
        received += bytes.length;
      },
      end() {
        if (direction === 'upload') {
          if (said !== JSON.stringify({ received: size, intact: true })) throw new Error(`answered ${said}`);
          total += size;
        } else if (received !== size) throw new Error(`${received} bytes of ${size} came`);
        if (performance.now() < until) begin(socket);
        else resolve(total);
      },
    });
  }
}

function requestHead(url: URL, length: number): string {
  const line = `${length === 0 ? 'GET' : 'POST'} ${url.pathname}${url.search} HTTP/1.1\r\nHost: ${url.host}\r\n`;
  return length === 0
    ? `${line}\r\n`
    : `${line}Content-Type: application/octet-stream\r\nContent-Length: ${length}\r\n\r\n`;
}
