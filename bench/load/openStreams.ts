import type { Socket } from 'bun';
import { createEventReader } from '../upstreams/event.ts';
import { createMessageReader } from './messageReader.ts';

export interface EventStreams {
  /** How many events came within the next `seconds`, and how long each was on its way, in milliseconds. */
  observe(seconds: number): Promise<{ events: number; delays: number[] }>;
  close(): void;
}

/**
 * Opens event streams, and resolves once each has had its first event.
 *
 * @throws {Error} when one does not open within 30 s; `observe` throws when one broke or was not what was sent
 */
export async function openStreams(url: string, count: number): Promise<EventStreams> {
  const { promise: allOpen, resolve } = Promise.withResolvers<void>();
  const { promise: broken, reject } = Promise.withResolvers<never>();
  broken.catch(() => {});
  const sockets: Socket[] = [];
  const delays: number[] = [];
  let opened = 0;
  let closing = false;
  let failed = false;

  const late = setTimeout(() => {
    fail(new Error(`${opened} of ${count} streams opened within ${OPENING_SECONDS} s`));
  }, OPENING_SECONDS * 1000);
  try {
    for (let i = 0; i < count && !failed; i += AT_ONCE) {
      const group = Array.from({ length: Math.min(AT_ONCE, count - i) }, () => openStream(new URL(url)));
      sockets.push(...(await Promise.all(group)));
    }
    await Promise.race([allOpen, broken]);
  } catch (error) {
    close();
    throw error;
  } finally {
    clearTimeout(late);
  }
  return { observe, close };

  async function observe(seconds: number): Promise<{ events: number; delays: number[] }> {
    delays.length = 0;
    await Promise.race([Bun.sleep(seconds * 1000), broken]);
    return { events: delays.length, delays: [...delays] };
  }

  function close(): void {
    closing = true;
    for (const socket of sockets) socket.terminate();
  }

  function fail(error: Error): void {
    if (closing) return;
    failed = true;
    reject(error);
  }

  function openStream({ hostname, port, host, pathname, search }: URL): Promise<Socket> {
    let read: (bytes: Uint8Array) => void;
    return Bun.connect({
      hostname,
      port: Number(port),
      socket: {
        open(socket) {
          read = readerOf();
          socket.write(
            `GET ${pathname}${search} HTTP/1.1\r\nHost: ${host}\r\nAccept: text/event-stream\r\n\r\n`,
          );
        },
        data(_, bytes) {
          try {
            read(bytes);
          } catch (error) {
            fail(error as Error);
          }
        },
        close: () => fail(new Error('a stream ended')),
        error: (_, error) => fail(error),
      },
    });
  }

  function readerOf(): (bytes: Uint8Array) => void {
    let events = 0;
    const readEvents = createEventReader((sent) => {
      delays.push(performance.timeOrigin + performance.now() - sent);
      if (events++ === 0 && ++opened === count) resolve();
    });
    return createMessageReader({
      head(startLine) {
        if (!startLine.startsWith('HTTP/1.1 200')) throw new Error(`a stream was answered ${startLine}`);
      },
      body: readEvents,
      end: () => fail(new Error('a stream ended')),
    });
  }
}

const OPENING_SECONDS = 30;
/** Connections opened at a time: fewer than any listen queue holds. */
const AT_ONCE = 50;
