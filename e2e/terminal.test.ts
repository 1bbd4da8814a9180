import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { answerFor, SUGGESTED_QUESTIONS } from '../demo/answerFor.ts';

const START = join(import.meta.dirname, '../demo/start.ts');

function start(...args: string[]) {
  return Bun.spawn([process.execPath, START, '--port', '0', ...args], { stdout: 'pipe', stderr: 'pipe' });
}

/** Reads until the text holds `wanted`, or to the end. */
async function readUntil(stream: ReadableStream<Uint8Array>, wanted?: string): Promise<string[]> {
  const chunks: string[] = [];
  const decoder = new TextDecoder();
  for await (const chunk of stream.values({ preventCancel: true })) {
    chunks.push(decoder.decode(chunk, { stream: true }));
    if (wanted !== undefined && chunks.join('').includes(wanted)) break;
  }
  return chunks;
}

test('streams one signed answer in the terminal, piece by piece, and exits 0', async () => {
  const demo = start('--once');
  const [chunks, complaints, code] = await Promise.all([
    readUntil(demo.stdout),
    new Response(demo.stderr).text(),
    demo.exited,
  ]);
  const words = (text: string) => text.replace(/\s+/g, ' ');
  expect(words(chunks.join(''))).toContain(words(answerFor(SUGGESTED_QUESTIONS[0])));
  expect(chunks.join('')).toMatch(/\d+ events in [\d.]+ s, the first after \d+ ms\./);
  // Written as it came: a buffered answer would be one chunk or two.
  expect(chunks.length).toBeGreaterThan(20);
  expect(chunks.join('') + complaints).not.toMatch(/sk-demo|Bearer/);
  expect(complaints).toBe('');
  expect(code).toBe(0);
}, 60_000);

test('an interrupt in mid-answer ends every process, and the exit code is 0', async () => {
  const demo = start();
  const chunks = await readUntil(demo.stdout, 'Because');
  const origins = chunks.join('').match(/http:\/\/127\.0\.0\.1:\d+/g) ?? [];
  expect(origins.length).toBeGreaterThanOrEqual(3);
  demo.kill('SIGINT');
  expect(await demo.exited).toBe(0);
  for (const origin of origins) await expect(fetch(origin)).rejects.toThrow();
}, 60_000);

test('ends without a word when nobody reads its output any more', async () => {
  const demo = start();
  await readUntil(demo.stdout, 'Because');
  await demo.stdout.cancel();
  expect(await new Response(demo.stderr).text()).toBe('');
  expect(await demo.exited).toBe(0);
}, 60_000);

test('a demo that is killed without a word leaves none of its processes running', async () => {
  const demo = start();
  const chunks = await readUntil(demo.stdout, 'Because');
  const origins = chunks.join('').match(/http:\/\/127\.0\.0\.1:\d+/g) ?? [];
  expect(origins.length).toBeGreaterThanOrEqual(3);
  const connections = await Promise.all([...new Set(origins)].map((origin) => openConnection(origin)));
  demo.kill('SIGKILL');
  await demo.exited;
  // Ended by their process's end, or by its idle timeout: then a new one would still be taken.
  await Promise.all(connections.map(({ closed }) => closed));
  for (const origin of origins) await expect(fetch(origin)).rejects.toThrow();
}, 60_000);

test('says how it is used when an option is unknown, and exits 2', async () => {
  const demo = start('--twice');
  expect(await new Response(demo.stderr).text()).toStartWith('Usage: bun run demo');
  expect(await demo.exited).toBe(2);
});

/** A connection with the beginning of a request on it: a server is told of none on which nothing was sent. */
async function openConnection(origin: string) {
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  const { hostname, port } = new URL(origin);
  const socket = await Bun.connect({
    hostname,
    port: Number(port),
    socket: { data() {}, close: () => resolve() },
  });
  socket.write('GET /');
  return { closed, socket };
}
