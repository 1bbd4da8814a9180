/**
 * Question: does a gateway under mixed traffic, a fifth of it aborted, keep its memory and give everything back?
 *
 * Method: one gateway in a process of its own, one upstream, forty clients on loopback that send small requests,
 * uploads, event streams of a second and downloads of 20 MB, each aborted at a random moment in one case of five.
 * Memory and open files are read every second. The first fifth of the time warms up. Then a line is laid through
 * the memory; at the end the traffic stops, and what is left is counted. Draws `soak.svg` into the folder that is
 * named, and exits with 1 if the verdict is that something leaks.
 *
 *     bun run soak --minutes 30 [--tls] [--out FOLDER]
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { CA, FILES } from '../server/testing/certificates.ts';
import { type GatewayProcess, startGatewayProcess } from './gatewayProcess.ts';
import { drawSoak, type Sample } from './soakPicture.ts';
import { startSoakUpstream } from './upstream.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    tls: { type: 'boolean', default: false },
    out: { type: 'string', default: '.' },
  },
});
const duration = Number(values.minutes) * 60_000;
const CLIENTS = 40;
const ABORTED = 0.2;
const MIB = 1024 * 1024;

/** In the proportions in which they are drawn. */
const KINDS = [
  kind('/small'),
  kind('/small'),
  kind('/small'),
  kind('/stream?events=50', { lasts: 1000 }),
  kind('/stream?events=50', { lasts: 1000 }),
  kind('/echo', { size: 1000 }),
  kind('/echo', { size: 1_000_000, lasts: 10 }),
  kind('/large', { lasts: 100 }),
];

using upstream = startSoakUpstream();
// Idle connections end within the 20 s that follow the traffic.
const tls = values.tls ? ['--tls-cert', FILES.cert, '--tls-key', FILES.key] : [];
await using gateway = await startGatewayProcess(['--keep-alive-timeout', '10s', ...tls]);
const counts = { whole: 0, aborted: 0, failed: 0 };
const samples: Sample[] = [];
const started = performance.now();
const isOver = () => performance.now() - started > duration;

await Promise.all([sample(gateway), ...Array.from({ length: CLIENTS }, () => traffic())]);
await Bun.sleep(20_000);
const end = await gateway.usage();

const warm = samples.slice(Math.floor(samples.length / 5));
const slope = slopeOf(warm);
const first = median(warm.slice(0, Math.ceil(warm.length / 4)).map(({ memory }) => memory));
const last = median(warm.slice(-Math.ceil(warm.length / 4)).map(({ memory }) => memory));
const problems = [
  last > first * 1.25 + 16 * MIB ? 'memory grew while the traffic stayed the same' : null,
  end.files > samples[0]!.files + 20 ? 'files are left open' : null,
  upstream.open > 0 ? `${upstream.open} requests are left at the upstream` : null,
  counts.failed > 0 ? `${counts.failed} requests failed` : null,
].filter((problem) => problem !== null);

const picture = join(values.out, 'soak.svg');
await Bun.write(picture, drawSoak(samples));
say(`${counts.whole} whole, ${counts.aborted} aborted, ${counts.failed} failed in ${values.minutes} minutes`);
say(
  `memory: ${mib(first)} after warming up, ${mib(last)} in the last quarter, ${mib(end.memory)} 20 s later`,
);
say(`slope: ${(slope / MIB).toFixed(2)} MiB a minute`);
say(
  `files: ${samples[0]!.files} before, ${Math.max(...samples.map(({ files }) => files))} at most, ${end.files} after`,
);
say(`left at the upstream: ${upstream.open}`);
say(`picture: ${picture}`);
say(problems.length === 0 ? 'verdict: nothing leaks' : `verdict: ${problems.join('; ')}`);
process.exitCode = problems.length === 0 ? 0 : 1;

async function sample({ usage }: GatewayProcess): Promise<void> {
  while (!isOver()) {
    samples.push({ time: (performance.now() - started) / 1000, ...(await usage()) });
    await Bun.sleep(1000);
  }
}

async function traffic(): Promise<void> {
  while (!isOver()) {
    const { path, method, body, lasts } = KINDS[Math.floor(Math.random() * KINDS.length)]!();
    const leaving = new AbortController();
    const aborts = Math.random() < ABORTED;
    const timer = aborts ? setTimeout(() => leaving.abort(), Math.random() * lasts) : undefined;
    try {
      const answer = await fetch(gateway.sign(upstream.origin + path, method), {
        method,
        body,
        signal: leaving.signal,
        tls: { ca: CA },
      });
      await answer.arrayBuffer();
      if (answer.ok) counts.whole++;
      else counts.failed++;
    } catch {
      if (leaving.signal.aborted) counts.aborted++;
      else counts.failed++;
    }
    clearTimeout(timer);
  }
}

/** Bytes a minute: the least squares' line through the memory. */
function slopeOf(points: readonly Sample[]): number {
  const count = points.length;
  const time = points.reduce((sum, point) => sum + point.time, 0) / count;
  const memory = points.reduce((sum, point) => sum + point.memory, 0) / count;
  const above = points.reduce((sum, point) => sum + (point.time - time) * (point.memory - memory), 0);
  const below = points.reduce((sum, point) => sum + (point.time - time) ** 2, 0);
  return (above / below) * 60;
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((one, other) => one - other)[Math.floor(numbers.length / 2)] ?? 0;
}

function mib(bytes: number): string {
  return `${Math.round(bytes / MIB)} MiB`;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** `lasts`: about as long as it takes, in milliseconds, so that an abort comes at any moment of it. */
function kind(path: string, { size = 0, lasts = 2 } = {}) {
  const method = size === 0 ? 'GET' : 'POST';
  return () => ({ path, method, body: size === 0 ? null : new Uint8Array(size), lasts });
}
