import { unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const LARGE_BYTES = 20_000_000;

/** An API of every kind that a soak needs, on loopback. */
export interface SoakUpstream extends Disposable {
  readonly origin: string;
  /** Requests that are being answered at the moment. */
  readonly open: number;
}

/**
 * `/small`: a short JSON answer. `/stream?events=N`: an event stream with an event every 20 ms. `/large`: 20 MB. `/echo`: the request's body. `/silent`: an event stream that never says anything.
 */
export function startSoakUpstream(): SoakUpstream {
  let open = 0;
  // A file, which the system sends at the pace of whoever takes it.
  const path = join(tmpdir(), `signway-large-${crypto.randomUUID()}`);
  writeFileSync(path, Buffer.alloc(LARGE_BYTES, 'x'));
  const large = Bun.file(path);

  function counted(pull: (turn: number) => Promise<string | null>): ReadableStream {
    let turn = 0;
    let isOver = false;
    open++;
    const over = () => {
      if (!isOver) open--;
      isOver = true;
    };
    return new ReadableStream({
      async pull(controller) {
        const piece = await pull(turn++);
        if (isOver) return;
        if (piece === null) {
          over();
          controller.close();
        } else controller.enqueue(new TextEncoder().encode(piece));
      },
      cancel: over,
    });
  }

  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    idleTimeout: 0,
    async fetch(request) {
      const { pathname, searchParams } = new URL(request.url);
      if (pathname === '/small') return Response.json({ answer: 42 });
      if (pathname === '/echo') return new Response(await request.arrayBuffer().catch(() => ''));
      if (pathname === '/large') return new Response(large);
      const events = Number(searchParams.get('events') ?? 0);
      const next = async (turn: number): Promise<string | null> => {
        if (pathname === '/silent') {
          if (turn > 0)
            await new Promise<void>((resolve) => request.signal.addEventListener('abort', () => resolve()));
          return turn > 0 ? null : ': silent\n\n';
        }
        await Bun.sleep(20);
        return turn < events ? `data: {"choices":[{"delta":{"content":"word ${turn}"}}]}\n\n` : null;
      };
      return new Response(counted(next), { headers: { 'Content-Type': 'text/event-stream' } });
    },
  });
  return {
    origin: server.url.origin,
    get open() {
      return open;
    },
    [Symbol.dispose]() {
      void server.stop(true);
      unlinkSync(path);
    },
  };
}
