/**
 * Everything that decides whether a change is good: types, lint, unit and integration tests, the build, the
 * browser. Needs Bun alone; installs the rest. Ends with `N passed, N failed`, and exits 1 if anything failed.
 */
import { findTools } from '../bench/machine/tools.ts';
import { findChromium } from './findChromium.ts';
import { installPeers } from './installPeers.ts';

interface Tally {
  passed: number;
  failed: number;
}

const total: Tally = { passed: 0, failed: 0 };
const bun = process.execPath;
const quick = process.argv.includes('--quick');

await step('install', [bun, 'install', '--frozen-lockfile']);
await step('types', [bun, 'x', 'tsc', '-p', '.']);
await step('types of what runs in browsers', [bun, 'x', 'tsc', '-p', 'client']);
await step('lint', [bun, 'x', 'biome', 'ci', '--error-on-warnings', '.']);
if (!quick) await installPeers();
await step('unit and integration', [
  bun,
  'test',
  ...[
    './signing',
    './backend',
    './server',
    './client',
    './config',
    './cli',
    './deploy',
    './demo',
    './hostile',
  ],
]);
if (!quick) await findTools({ log: say }).catch(({ message }) => say(`${message}; some tests are skipped`));
await step('the bench', [bun, 'test', './bench']);
await step('the package and the image', [bun, 'test', './package', './docker']);
await step('build', [bun, 'run', 'build']);
if (!quick) {
  const chromium = await findChromium();
  await step('browser', [bun, 'test', './e2e'], { SIGNWAY_CHROMIUM: chromium });
}

process.stdout.write(`\n${total.passed} passed, ${total.failed} failed\n`);
process.exit(total.failed === 0 ? 0 : 1);

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Runs a command, shows what it says, and adds its results: its tests where it ran some, else itself. */
async function step(name: string, command: string[], env: Record<string, string> = {}): Promise<void> {
  process.stdout.write(`\n── ${name}\n`);
  const child = Bun.spawn(command, {
    stdout: 'inherit',
    stderr: 'pipe',
    env: { ...process.env, ...env },
  });
  let said = '';
  const decoder = new TextDecoder();
  for await (const bytes of child.stderr) {
    process.stderr.write(bytes);
    said += decoder.decode(bytes, { stream: true });
  }
  const succeeded = (await child.exited) === 0;
  const tests = command[1] === 'test' ? testTally(said) : null;
  total.passed += tests?.passed ?? Number(succeeded);
  total.failed += tests?.failed ?? Number(!succeeded);
  // A run that failed without a failed test (a crash, no test found) must not pass for one that passed.
  if (!succeeded && tests?.failed === 0) total.failed++;
}

function testTally(said: string): Tally {
  const count = (word: string) => Number(new RegExp(`^ *(\\d+) ${word}$`, 'm').exec(said)?.[1] ?? 0);
  return { passed: count('pass'), failed: count('fail') };
}
