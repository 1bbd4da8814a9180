import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cpuSeconds, privateBytes, type Running } from './processes.ts';
import type { System } from './systems.ts';
import { wrk } from './wrk.ts';

/** One question to a system. Figures are numbers by their unit; the first is the one that is compared. */
export interface Case {
  readonly name: string;
  /** True where a smaller figure is the better one. */
  readonly lessIsBetter: boolean;
  run(system: System, running: Running | null, folder: string): Promise<Record<string, number>>;
}

/** Requests a second of CPU: a small JSON answer over `connections` kept-alive connections. */
export function requests(
  upstream: 'small' | 'tls',
  connections: number,
  { seconds }: { seconds: number },
): Case {
  return {
    name: `${upstream === 'tls' ? 'TLS upstream' : 'small JSON'}, ${connections} connections`,
    lessIsBetter: false,
    async run(system, running) {
      const url = system.url(upstream, '/');
      await wrk(url, { connections, seconds: 1 });
      const pids = running?.pids() ?? [];
      const before = cpuSeconds(pids);
      const load = await wrk(url, { connections, seconds });
      const cpu = cpuSeconds(pids) - before;
      if (load.errors > 0) throw new Error(`${system.name}: ${load.errors} errors`);
      return {
        'req/s of CPU': running === null ? Number.NaN : load.requests / cpu,
        'req/s': load.requestsPerSecond,
        'p99 ms': load.p99Ms,
        'CPU µs/req': running === null ? Number.NaN : (cpu / load.requests) * 1e6,
      };
    },
  };
}

/** CPU for each event, and the delay at the client, of `streams` event streams. */
export function events(streams: number, { seconds }: { seconds: number }): Case {
  return {
    name: `${streams} event streams`,
    lessIsBetter: true,
    async run(system, running, folder) {
      return withStreams(system, { streams, path: '/events', folder }, async (next) => {
        await next();
        const pids = running?.pids() ?? [];
        const before = cpuSeconds(pids);
        let seen = 0;
        const delays: number[] = [];
        for (let second = 0; second < seconds; second++) {
          const report = await next();
          seen += report.events;
          delays.push(...report.delays);
        }
        const cpu = cpuSeconds(pids) - before;
        return {
          'CPU µs/event': running === null ? Number.NaN : (cpu / seen) * 1e6,
          'events/s': seen / seconds,
          'delay p50 ms': quantile(delays, 0.5),
          'delay p99 ms': quantile(delays, 0.99),
        };
      });
    },
  };
}

/** Memory for each of `streams` event streams that are silent after their first event. */
export function idleStreams(streams: number): Case {
  return {
    name: `${streams} idle streams`,
    lessIsBetter: true,
    async run(system, running, folder) {
      const pids = running?.pids() ?? [];
      const before = privateBytes(pids);
      return withStreams(system, { streams, path: '/idle', folder }, async (next) => {
        await next();
        await next();
        const grown = privateBytes(pids) - before;
        return { 'KiB/stream': running === null ? Number.NaN : grown / 1024 / streams };
      });
    },
  };
}

/** The highest memory of a system while a client takes 200 MB at 20 MB a second. */
export function slowDownload(): Case {
  return {
    name: '200 MB to a slow reader',
    lessIsBetter: true,
    async run(system, running) {
      const pids = running?.pids() ?? [];
      const before = privateBytes(pids);
      let highest = 0;
      const answer = await fetch(system.url('events', '/bytes/200000000'));
      let taken = 0;
      const started = performance.now();
      for await (const bytes of answer.body!) {
        taken += bytes.byteLength;
        const due = (taken / 20e6) * 1000 - (performance.now() - started);
        if (due > 5) {
          await Bun.sleep(due);
          highest = Math.max(highest, privateBytes(pids) - before);
        }
      }
      if (taken !== 200_000_000) throw new Error(`${system.name}: ${taken} bytes came`);
      return { 'MiB more': running === null ? Number.NaN : highest / 1024 / 1024 };
    },
  };
}

interface Report {
  open: number;
  events: number;
  broken: number;
  delays: number[];
}

/** Opens event streams by a process of its own and hands the caller that process's report of each second. */
async function withStreams<T>(
  system: System,
  { streams, path, folder }: { streams: number; path: string; folder: string },
  use: (next: () => Promise<Report>) => Promise<T>,
): Promise<T> {
  const file = join(folder, 'urls');
  await writeFile(file, system.url('events', path));
  const client = Bun.spawn(
    [process.execPath, join(import.meta.dir, 'eventClient.ts'), file, String(streams)],
    {
      stdout: 'pipe',
    },
  );
  const lines = readLines(client.stdout);
  const next = async () => {
    const { value } = await lines.next();
    const report = JSON.parse(value!) as Report;
    if (report.broken > 0) throw new Error(`${system.name}: ${report.broken} streams broke`);
    return report;
  };
  try {
    for (let tries = 0; (await next()).open < streams; tries++) {
      if (tries > 20) throw new Error(`${system.name}: not all ${streams} streams opened`);
    }
    return await use(next);
  } finally {
    client.kill();
    await client.exited;
  }
}

async function* readLines(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let rest = '';
  const decoder = new TextDecoder();
  for await (const bytes of stream) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n');
    rest = lines.pop()!;
    yield* lines;
  }
}

function quantile(values: number[], at: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * at)] ?? Number.NaN;
}
