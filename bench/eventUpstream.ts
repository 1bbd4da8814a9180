/**
 * An upstream of event streams: answers every request with a stream of `rate` events a second, each holding the
 * moment it was sent, all streams in step; or, for `/idle`, with one event and then silence; or, for `/bytes/N`,
 * with N bytes. Run with the port and the rate as arguments.
 */
import type { Socket } from 'bun';

const [port, rate] = process.argv.slice(2).map(Number) as [number, number];
const streams = new Set<Socket<State>>();

interface State {
  received: string;
  left: number;
}

const BLOCK = Buffer.alloc(65_536, 'x');

Bun.listen<State>({
  hostname: '127.0.0.1',
  port,
  socket: {
    open(socket) {
      socket.data = { received: '', left: 0 };
    },
    data(socket, bytes) {
      socket.data.received += bytes.toString('latin1');
      if (!socket.data.received.includes('\r\n\r\n')) return;
      const path = socket.data.received.split(' ', 2)[1]!;
      socket.data.received = '';
      const size = /^\/bytes\/(\d+)/.exec(path)?.[1];
      if (size !== undefined) {
        socket.data.left = Number(size);
        socket.write(
          `HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: ${size}\r\n\r\n`,
        );
        fill(socket);
        return;
      }
      socket.write(
        'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n',
      );
      socket.write(event());
      if (!path.startsWith('/idle')) streams.add(socket);
    },
    drain: fill,
    close: (socket) => void streams.delete(socket),
    error: (socket) => void streams.delete(socket),
  },
});

if (rate > 0) {
  setInterval(() => {
    const bytes = event();
    for (const socket of streams) socket.write(bytes);
  }, 1000 / rate);
}

function fill(socket: Socket<State>): void {
  while (socket.data.left > 0) {
    const wanted = Math.min(socket.data.left, BLOCK.length);
    const written = socket.write(BLOCK, 0, wanted);
    if (written <= 0) return;
    socket.data.left -= written;
    if (written < wanted) return;
  }
}

/** One event the size of a chat-completion token, as a chunk. */
function event(): string {
  const sent = performance.timeOrigin + performance.now();
  const data = `data: {"id":"chatcmpl-1","object":"chat.completion.chunk","sent":${sent.toFixed(3)},"choices":[{"delta":{"content":" token"}}]}\n\n`;
  return `${data.length.toString(16)}\r\n${data}\r\n`;
}
