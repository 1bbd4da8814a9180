import { join } from 'node:path';

const MAIN = join(import.meta.dirname, '../../cli/main.ts');

/** The command that runs the command line of this checkout. */
export const SIGNWAY_COMMAND = [process.execPath, MAIN] as const;

/** The options of `signway serve`, by its own help: `--port`, `--no-bytes-monitor`, … */
export function signwayOptions(): ReadonlySet<string> {
  const help = Bun.spawnSync([...SIGNWAY_COMMAND, 'serve', '--help'], {
    env: { ...process.env, NO_COLOR: '1' },
  });
  const text = help.stdout.toString() + help.stderr.toString();
  return new Set([...text.matchAll(/^ {2}.{4}(--[a-z0-9-]+)/gm)].map(([, option]) => option!));
}
