/**
 * A client of event streams: opens as many as its second argument says to the URLs in the file that its first
 * one names (taken in turn), and prints, once a second, a JSON line with the streams open, the events seen and
 * the delays since each was sent, in milliseconds.
 */
import { readFileSync } from 'node:fs';

const [file, count] = process.argv.slice(2) as [string, string];
const urls = readFileSync(file, 'utf8').trim().split('\n');
let open = 0;
let events = 0;
let broken = 0;
let delays: number[] = [];

for (let i = 0; i < Number(count); i++) {
  const url = new URL(urls[i % urls.length]!);
  await Bun.connect<{ head: boolean }>({
    hostname: url.hostname,
    port: Number(url.port),
    socket: {
      open(socket) {
        socket.data = { head: false };
        socket.write(
          `GET ${url.pathname}${url.search} HTTP/1.1\r\nHost: ${url.host}\r\nAccept: text/event-stream\r\n\r\n`,
        );
      },
      data(socket, bytes) {
        const now = performance.timeOrigin + performance.now();
        const text = bytes.toString('latin1');
        if (!socket.data.head) {
          if (!text.startsWith('HTTP/1.1 200')) broken++;
          socket.data.head = true;
          open++;
        }
        for (const [, sent] of text.matchAll(/"sent":([\d.]+)/g)) {
          events++;
          delays.push(now - Number(sent));
        }
      },
      close: () => void broken++,
      error: () => void broken++,
    },
  });
  // In small groups, so that no listen queue overflows.
  if (i % 50 === 49) await Bun.sleep(5);
}

setInterval(() => {
  process.stdout.write(`${JSON.stringify({ open, events, broken, delays })}\n`);
  events = 0;
  delays = [];
}, 1000);
