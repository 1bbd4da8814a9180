import { describe, expect, test } from 'bun:test';
import { signUrl } from '../signing/index.ts';
import { EXIT } from './exitCodes.ts';
import { REPEAT_WINDOW } from './signalGate.ts';
import { startServe } from './testing/startServe.ts';

const SECRET = 'a-secret-of-more-than-32-bytes-abcdefgh';

describe('a gateway that is told to stop', () => {
  test('lets a running stream end and exits with 0; repeats of the signal within a second change nothing', async () => {
    await using running = await startStream(['--drain', '10s']);
    const { gateway, upstream, rest } = running;
    gateway.kill('SIGTERM');
    gateway.kill('SIGINT');
    await gateway.stderr(/no new requests/);
    gateway.kill('SIGTERM');
    upstream.end('last');
    expect(await rest()).toBe('last');
    expect(await gateway.exited).toBe(EXIT.done);
    expect((await gateway.stderr(/./)).match(/no new requests/g)).toHaveLength(1);
    expect(JSON.parse(await gateway.stdout)).toMatchObject({ ending: 'complete' });
  }, 30_000);

  test('breaks off what has not ended at the drain limit, says so, and exits with 0', async () => {
    await using running = await startStream(['--drain', '200ms']);
    running.gateway.kill('SIGINT');
    expect(await running.gateway.exited).toBe(EXIT.done);
    await expect(running.rest()).rejects.toThrow();
    expect(await running.gateway.stderr(/./)).toContain('did not end within 200ms');
  }, 30_000);

  test('exits at once with 1 at a second signal a second after the first', async () => {
    await using running = await startStream(['--drain', '1h']);
    running.gateway.kill('SIGTERM');
    await running.gateway.stderr(/no new requests/);
    // Real time is what is tested here: the window runs in another process.
    await Bun.sleep(REPEAT_WINDOW + 50);
    running.gateway.kill('SIGTERM');
    expect(await running.gateway.exited).toBe(EXIT.failed);
    await expect(running.rest()).rejects.toThrow();
    expect(JSON.parse(await running.gateway.stdout)).toMatchObject({
      status: 200,
      ending: 'shut_down',
      code: 'shutting_down',
    });
  }, 30_000);

  test('leaves a record of an exchange whose upstream had not answered yet, too', async () => {
    const asked = Promise.withResolvers<void>();
    await using upstream = listenSilently(() => asked.resolve());
    await using gateway = await startServe(['my-id', SECRET, ...LOOPBACK, '--drain', '1h']);
    const answer = fetch(signed(gateway.url, upstream.url)).catch(() => 'broken off');
    await asked.promise;
    gateway.kill('SIGTERM');
    await gateway.stderr(/no new requests/);
    await Bun.sleep(REPEAT_WINDOW + 50);
    gateway.kill('SIGTERM');
    expect(await gateway.exited).toBe(EXIT.failed);
    expect(await answer).toBe('broken off');
    expect(JSON.parse(await gateway.stdout)).toMatchObject({ app: 'my-id', upstream: upstream.url.origin });
  }, 30_000);
});

const LOOPBACK = ['--allow-network', '127.0.0.0/8'];

function signed(host: string, proxyUrl: URL): string {
  return signUrl({ id: 'my-id', secret: SECRET, host, proxyUrl: proxyUrl.href, method: 'GET', expiry: 60 });
}

/** A server that takes requests and never answers. */
function listenSilently(onRequest: () => void) {
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    idleTimeout: 0,
    fetch() {
      onRequest();
      return new Promise<Response>(() => {});
    },
  });
  return { url: server.url, [Symbol.asyncDispose]: () => server.stop(true) };
}

/** A gateway with one exchange whose first bytes have arrived and which goes on until the upstream ends it. */
async function startStream(args: readonly string[]) {
  const controllers: ReadableStreamDefaultController<Uint8Array>[] = [];
  const encoder = new TextEncoder();
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    idleTimeout: 0,
    fetch: () =>
      new Response(
        new ReadableStream<Uint8Array>({
          start(controller) {
            controllers.push(controller);
            controller.enqueue(encoder.encode('first'));
          },
        }),
      ),
  });
  const gateway = await startServe(['my-id', SECRET, ...LOOPBACK, ...args]);
  const reader = (await fetch(signed(gateway.url, server.url))).body!.getReader();
  const decoder = new TextDecoder();
  expect(decoder.decode((await reader.read()).value)).toBe('first');
  return {
    gateway,
    upstream: {
      end(text: string) {
        controllers[0]!.enqueue(encoder.encode(text));
        controllers[0]!.close();
      },
    },
    async rest() {
      let text = '';
      for (let part = await reader.read(); !part.done; part = await reader.read()) {
        text += decoder.decode(part.value, { stream: true });
      }
      return text;
    },
    async [Symbol.asyncDispose]() {
      await server.stop(true);
      await gateway[Symbol.asyncDispose]();
    },
  };
}
