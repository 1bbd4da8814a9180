/**
 * Where does the gateway's time go? Runs one of the bench's cases against it with Bun's sampling profiler on, and
 * leaves a CPU profile, a flame graph (SVG) and the dearest functions. Native code has no frames of its own: its
 * time is its JavaScript caller's, or that of a built-in function such as a socket's `write`. What is sampled is
 * time passed, so on a busy machine a `write` also holds the time that whoever it woke took the processor for.
 *
 *   bun run profile [--case json-64] [--seconds 5] [--folder profiles]
 */
import { copyFile, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { allCases } from './allCases.ts';
import { WARM_UP_SECONDS } from './cases/case.ts';
import { descriptorLimit } from './machine/descriptorLimit.ts';
import { findTools } from './machine/tools.ts';
import { type CpuProfile, callTree } from './profiling/callTree.ts';
import { costs } from './profiling/costs.ts';
import { flameGraph } from './profiling/flameGraph.ts';
import { textTable } from './report/comparisonTable.ts';
import { shown } from './report/shown.ts';
import { createSurroundings } from './systems/createSurroundings.ts';
import { signway } from './systems/signway.ts';

const { values: options } = parseArgs({
  options: {
    case: { type: 'string', default: 'json-64' },
    seconds: { type: 'string', default: '5' },
    folder: { type: 'string', default: 'profiles' },
  },
});
const cases = allCases({ descriptors: descriptorLimit() }).filter(({ systems }) =>
  systems.includes('signway'),
);
const profiled = cases.find(({ id }) => id === options.case);
if (profiled === undefined) {
  throw new TypeError(`--case is one of ${cases.map(({ id }) => id).join(', ')}`);
}

await findTools({ log: (line) => void process.stderr.write(`${line}\n`) });
await using surroundings = await createSurroundings();
const written = join(surroundings.folder, 'profiles');
await mkdir(written);
const system = signway(surroundings, { profiles: written });
const setup = { workers: 1, tls: false, apps: 1, ...profiled.setup };
const lacks = system.missing(setup);
if (lacks !== null) throw new Error(`this gateway ${lacks}`);

const running = await system.start(setup);
const from = Date.now() + WARM_UP_SECONDS * 1000;
const figures = await profiled.run(running, { seconds: Number(options.seconds) });
const to = Date.now();
await running.stop();

const profile = await largestFile(written);
const tree = callTree(JSON.parse(await readFile(profile, 'utf8')) as CpuProfile, { from, to });
await mkdir(options.folder, { recursive: true });
const target = join(options.folder, profiled.id);
await copyFile(profile, `${target}.cpuprofile`);
await writeFile(`${target}.svg`, flameGraph(tree, { title: `signway: ${profiled.title}` }));

const dearest = costs(tree).filter(({ self }) => self > 0);
const percent = (share: number) => `${shown(share * 100)} %`;
const rows = dearest.slice(0, 25).map(({ name, self, total }) => [name, percent(self), percent(total)]);
const main = `${shown(figures[profiled.unit])} ${profiled.unit}`;
process.stdout.write(
  `${profiled.title}: ${main} with the profiler on, ${tree.total} samples\n\n` +
    `${textTable([['', 'itself', 'with what it called'], ...rows])}\n\n` +
    `${relative('.', target)}.cpuprofile (Chromium's developer tools open it), ${relative('.', target)}.svg\n`,
);

/** Every process of the gateway leaves a profile; the one that did the work has the most to tell. */
async function largestFile(folder: string): Promise<string> {
  const files = (await readdir(folder)).map((name) => join(folder, name));
  const sizes = await Promise.all(files.map(async (file) => ({ file, size: (await stat(file)).size })));
  const [largest] = sizes.sort((a, b) => b.size - a.size);
  if (largest === undefined) throw new Error('the gateway left no profile');
  return largest.file;
}
