// Run before anything is installed: nothing may be imported here but what Bun itself holds.
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..');
const USAGE = `Usage: bun run demo [--once] [--port PORT]

  --once        end after one answer in the terminal
  --port PORT   the page's port (default 4400; 0 takes a free one)

With OPENAI_API_KEY in the environment the demo asks the real API.
`;

process.exitCode = await main(process.argv.slice(2));

async function main(args: string[]): Promise<number> {
  const write = (text: string) => void process.stdout.write(text);
  const once = args.includes('--once');
  const portAt = args.indexOf('--port');
  const port = portAt === -1 ? undefined : args[portAt + 1];
  const known = Number(once) + (portAt === -1 ? 0 : 2);
  if (args.length !== known || (portAt !== -1 && !/^\d{1,5}$/.test(port ?? ''))) {
    process.stderr.write(USAGE);
    return args.includes('--help') ? 0 : 2;
  }

  const stopped = new AbortController();
  const interrupt = () => stopped.abort(new DOMException('Interrupted', 'AbortError'));
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  process.on('SIGHUP', interrupt);
  // Nobody reads any more, as after `| head`: without a listener it would be a crash.
  process.stdout.on('error', interrupt);

  if (!existsSync(join(ROOT, 'node_modules/vite'))) {
    write('\n  Installing what the demo needs (once)…\n');
    run(['install', '--frozen-lockfile']);
  }
  run([join(ROOT, 'node_modules/vite/bin/vite.js'), 'build', '--config', 'demo/vite.config.ts']);
  if (stopped.signal.aborted) return 0;

  // Bun's fetch goes through HTTP_PROXY even to loopback.
  process.env.NO_PROXY = '127.0.0.1';

  const { startProcesses } = await import('./startProcesses.ts');
  const { askInTerminal } = await import('./askInTerminal.ts');
  const demo = await startProcesses({
    openaiKey: process.env.OPENAI_API_KEY || undefined,
    environment: process.env,
    ...(port !== undefined && { port: Number(port) }),
  });
  void demo.failed.then((said) => {
    process.stderr.write(`\n  ${said}\n`);
    process.exitCode = 1;
    interrupt();
  });
  write(`
  Signway demo

  page      ${demo.page}
  signway   ${demo.gateway}
  upstream  ${demo.upstream}${demo.standIn ? '  (a stand-in; set OPENAI_API_KEY to ask the real API)' : ''}

`);
  try {
    await askInTerminal({ page: demo.page, write, signal: stopped.signal });
    if (!once && !stopped.signal.aborted) {
      write(`  Open ${demo.page} in a browser. Ctrl-C ends everything.\n`);
      await new Promise((resolve) => stopped.signal.addEventListener('abort', resolve, { once: true }));
    }
  } catch (error) {
    if (!stopped.signal.aborted) {
      process.stderr.write(`\n\n  No answer: ${error instanceof Error ? error.message : String(error)}\n`);
      process.exitCode = 1;
    }
  } finally {
    await demo.stop();
  }
  return process.exitCode === 1 ? 1 : 0;
}

function run(args: string[]): void {
  const { exitCode } = Bun.spawnSync([process.execPath, ...args], {
    cwd: ROOT,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (exitCode !== 0) throw new Error(`bun ${args[0]} failed with exit code ${exitCode}`);
}
