/**
 * What does the gateway cost beside nginx, for a request, for an event, for a stream that is silent?
 *
 * Method: every system runs against the same local upstreams, one after the other within each round, so that
 * a busy moment of the machine meets them all; each case is run `--rounds` times and the median is printed with
 * the spread. The main figure is CPU of the gateway's own processes, since load and upstream share the machine.
 * Ratios are against nginx: more is better. Needs nginx, wrk and openssl (Debian: `apt install nginx wrk`).
 *
 *   bun run bench [--rounds 3] [--seconds 5] [--only TEXT] [--systems TEXT,TEXT]
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Case, events, idleStreams, requests, slowDownload } from './cases.ts';
import { startUpstreams, systems } from './systems.ts';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '5' },
    only: { type: 'string', default: '' },
    systems: { type: 'string', default: '' },
  },
});
const seconds = Number(options.seconds);
const cases: Case[] = [
  requests('small', 64, { seconds }),
  requests('small', 256, { seconds }),
  requests('tls', 64, { seconds }),
  requests('tls', 256, { seconds }),
  events(200, { seconds }),
  events(1000, { seconds }),
  idleStreams(1000),
  slowDownload(),
].filter(({ name }) => name.includes(options.only));

for (const tool of ['nginx', 'wrk', 'openssl']) {
  if (Bun.which(tool) === null) throw new Error(`${tool} is needed: apt install nginx wrk openssl`);
}
const folder = await mkdtemp(join(tmpdir(), 'signway-bench-'));
const upstreams = await startUpstreams(folder, { rate: 5 });
const chosen = systems(folder).filter(
  ({ name }) => options.systems === '' || name === 'nginx' || options.systems.split(',').includes(name),
);
try {
  for (const each of cases) await runCase(each);
} finally {
  for (const upstream of upstreams) await upstream.stop();
  await rm(folder, { recursive: true });
}

async function runCase(each: Case): Promise<void> {
  const figures = new Map<string, Record<string, number>[]>();
  for (let round = 0; round < Number(options.rounds); round++) {
    for (const system of chosen) {
      const running = await system.start();
      try {
        const found = await each.run(system, running, folder);
        figures.set(system.name, [...(figures.get(system.name) ?? []), found]);
      } finally {
        await running?.stop();
      }
    }
  }
  print(each, figures);
}

function print(each: Case, figures: ReadonlyMap<string, Record<string, number>[]>): void {
  const units = Object.keys(figures.values().next().value![0]!);
  const main = units[0]!;
  const nginx = median(figures.get('nginx')!.map((found) => found[main]!));
  const rows = [...figures].map(([name, rounds]) => {
    const own = rounds.map((found) => found[main]!);
    const ratio = each.lessIsBetter ? nginx / median(own) : median(own) / nginx;
    return [
      name,
      shown(ratio),
      ...units.map((unit) => shown(median(rounds.map((found) => found[unit]!)))),
      `${shown(Math.min(...own))} to ${shown(Math.max(...own))}`,
    ];
  });
  const table = [['', 'ratio', ...units, `${main}, spread`], ...rows];
  const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]!.length)));
  process.stdout.write(`\n${each.name}\n`);
  for (const row of table) {
    process.stdout.write(
      `  ${row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  ')}\n`,
    );
  }
}

function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}

function shown(value: number): string {
  if (Number.isNaN(value)) return '–';
  return value >= 100 ? value.toFixed(0) : value.toFixed(value >= 10 ? 1 : 2);
}
