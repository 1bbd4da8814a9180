/**
 * The upstream of everything that is not a small answer; a process of its own, run with its port.
 *
 * - `GET /events?rate=R[&count=N]`: R events a second, each at the stream's own phase; ends after N
 * - `GET /idle`: one event, then silence
 * - `GET /bytes/N`: N bytes of the pattern
 * - `POST /upload`: says how many bytes came and whether they were the pattern's
 */
import type { Socket } from 'bun';
import { createMessageReader } from '../load/messageReader.ts';
import { formatEvent } from './event.ts';
import { matchesPattern, PATTERN_PERIOD, patternAt } from './pattern.ts';

interface Connection {
  read(bytes: Uint8Array): void;
  /** Of a download: the bytes that were sent and all that there are. */
  sent: number;
  size: number;
  events: number;
  lastEvent: number;
}

type Client = Socket<Connection>;

const TICK_MS = 10;
/** By period in ticks: who is written to at which tick of it. */
const schedule = new Map<number, Set<Client>[]>();
let tick = 0;
let phase = 0;

Bun.listen<Connection>({
  hostname: '127.0.0.1',
  port: Number(process.argv[2]),
  socket: {
    open(client) {
      client.data = {
        read: readerOf(client),
        sent: 0,
        size: 0,
        events: 0,
        lastEvent: Number.POSITIVE_INFINITY,
      };
    },
    data: (client, bytes) => client.data.read(bytes),
    drain: fill,
    close: forget,
    error: forget,
  },
});

setInterval(() => {
  tick++;
  for (const [period, slots] of schedule) for (const client of slots[tick % period]!) sendEvent(client);
}, TICK_MS);

function readerOf(client: Client): Connection['read'] {
  let path = '/';
  let received = 0;
  let intact = true;
  return createMessageReader({
    head(startLine) {
      path = startLine.split(' ')[1]!;
      received = 0;
      intact = true;
    },
    body(bytes) {
      intact &&= matchesPattern(bytes, received);
      received += bytes.length;
    },
    end() {
      const { pathname, searchParams } = new URL(path, 'http://upstream');
      const size = /^\/bytes\/(\d+)$/.exec(pathname)?.[1];
      if (size !== undefined) sendBytes(client, Number(size));
      else if (pathname === '/events') startEvents(client, searchParams);
      else if (pathname === '/idle') startEvents(client, new URLSearchParams());
      else sendJson(client, { received, intact });
    },
  });
}

function sendBytes(client: Client, size: number): void {
  client.write(
    `HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: ${size}\r\n\r\n`,
  );
  client.data.sent = 0;
  client.data.size = size;
  fill(client);
}

function fill(client: Client): void {
  const { data } = client;
  while (data.sent < data.size) {
    const part = patternAt(data.sent, Math.min(PATTERN_PERIOD, data.size - data.sent));
    const written = client.write(part);
    if (written <= 0) return;
    data.sent += written;
    if (written < part.length) return;
  }
}

function startEvents(client: Client, query: URLSearchParams): void {
  client.write('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n');
  client.data.events = 0;
  client.data.lastEvent = Number(query.get('count') ?? Number.POSITIVE_INFINITY);
  sendEvent(client);
  const rate = Number(query.get('rate') ?? 0);
  if (rate === 0) return;
  const period = Math.round(1000 / rate / TICK_MS);
  const slots = schedule.get(period) ?? Array.from({ length: period }, () => new Set<Client>());
  schedule.set(period, slots);
  slots[phase++ % period]!.add(client);
}

function sendEvent(client: Client): void {
  const text = formatEvent(++client.data.events, performance.timeOrigin + performance.now());
  const last = client.data.events >= client.data.lastEvent;
  const chunk = `${text.length.toString(16)}\r\n${text}\r\n${last ? '0\r\n\r\n' : ''}`;
  if (last) forget(client);
  // A reader that is this far behind gets no more: a stream with a hole would look like a gateway's fault.
  if (client.write(chunk) < chunk.length) client.terminate();
}

function sendJson(client: Client, value: unknown): void {
  const text = JSON.stringify(value);
  client.write(
    `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${text.length}\r\n\r\n${text}`,
  );
}

function forget(client: Client): void {
  for (const slots of schedule.values()) for (const clients of slots) clients.delete(client);
}
