/**
 * What does the gateway cost beside nginx and others: for a request, an event, a silent stream, a large body?
 *
 * Method: every system runs against the same local upstreams, as a fresh process, one after the other within
 * each round. Ratios are taken within a round; medians and the spread are over the rounds. The main figure is
 * the CPU of a system's own processes, user and system, since load and upstream share the machine with it.
 *
 *   bun run bench [--rounds 3] [--seconds 3] [--only CASE/SYSTEM]… [--beside=OPTIONS] [--write] [--list]
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { version as fastifyProxyVersion } from '@fastify/http-proxy/package.json';
import { version as fastifyVersion } from 'fastify/package.json';
import { allCases } from './allCases.ts';
import { describeMachine } from './machine/describeMachine.ts';
import { descriptorLimit } from './machine/descriptorLimit.ts';
import { watchOthers } from './machine/othersCpu.ts';
import { findTools } from './machine/tools.ts';
import { comparisonTable, textTable } from './report/comparisonTable.ts';
import { type Conditions, mergeFigures, readFigures, writeFigures } from './report/figuresFile.ts';
import { performanceReport } from './report/performanceReport.ts';
import { shown } from './report/shown.ts';
import { writePerformancePage } from './report/writePerformancePage.ts';
import { runCase } from './runCase.ts';
import { selectCases, withBeside } from './selection.ts';
import { allSystems } from './systems/allSystems.ts';
import { createSurroundings } from './systems/createSurroundings.ts';
import { signway } from './systems/signway.ts';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '3' },
    only: { type: 'string', multiple: true, default: [] },
    beside: { type: 'string' },
    write: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
  },
});
const [rounds, seconds] = [Number(options.rounds), Number(options.seconds)];
if (!Number.isInteger(rounds) || rounds < 1 || !Number.isInteger(seconds) || seconds < 1) {
  throw new TypeError('--rounds and --seconds are whole numbers from 1 on');
}
if (options.write && (options.beside !== undefined || options.only.some((filter) => filter.includes('/')))) {
  throw new TypeError('--write keeps cases as they are: neither name systems nor add one');
}
const DOCS = join(import.meta.dirname, '../docs');
const FIGURES = join(DOCS, 'performance/figures.json');

const every = allCases({ descriptors: descriptorLimit() });
const chosen = withBeside(selectCases(every, options.only), options.beside);
if (options.list) {
  for (const { id, title, systems } of chosen) say(`${id.padEnd(16)} ${title}: ${systems.join(', ')}`);
} else {
  await run();
}

async function run(): Promise<void> {
  const tools = await findTools({ log: remark });
  await using surroundings = await createSurroundings();
  const systems = allSystems(surroundings);
  if (options.beside !== undefined) systems.push(signway(surroundings, { extra: options.beside }));
  const conditions: Conditions = {
    machine: describeMachine(),
    versions: {
      bun: Bun.version,
      ...tools,
      fastify: fastifyVersion,
      '@fastify/http-proxy': fastifyProxyVersion,
    },
    systems: Object.fromEntries(systems.map(({ name, about }) => [name, about])),
  };
  say(`${conditions.machine}; ${rounds} × ${seconds} s`);

  for (const each of chosen) {
    const others = watchOthers();
    const results = await runCase(each, systems, {
      rounds,
      seconds,
      onRun: (system, round) => remark(`${each.id}  round ${round + 1}/${rounds}  ${system}`),
    });
    say(
      `\n${each.title}  (${each.id}; ${shown(others() * 100)} % of the machine went to others)\n${textTable(comparisonTable(results))}`,
    );
    if (options.write) {
      const measured = { ...results, date: today(), commit: commit(), others: others() };
      await keep({ conditions, measured, ids: every.map(({ id }) => id) });
    }
  }
}

/** After each case, so that a run that is broken off leaves what it has. */
async function keep(found: Parameters<typeof mergeFigures>[1]): Promise<void> {
  const all = mergeFigures(await readFigures(FIGURES), found);
  await writeFigures(FIGURES, all);
  await writePerformancePage(DOCS, performanceReport(all));
  const format = [process.execPath, 'x', 'biome', 'format', '--write', FIGURES, join(DOCS, 'performance.md')];
  await Bun.spawn(format, { cwd: join(DOCS, '..'), stdout: 'ignore' }).exited;
}

function commit(): string {
  const git = (...args: string[]) =>
    Bun.spawnSync(['git', ...args], { cwd: DOCS })
      .stdout.toString()
      .trim();
  const changed = git('status', '--porcelain', '--', '../server', '../signing', '../cli') !== '';
  return `${git('rev-parse', '--short', 'HEAD')}${changed ? ' with changes' : ''}`;
}

function today(): string {
  return new Date().toISOString().slice(0, 10);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function remark(line: string): void {
  process.stderr.write(`${line}\n`);
}
