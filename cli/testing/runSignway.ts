import { join } from 'node:path';

const MAIN = join(import.meta.dir, '..', 'main.ts');

export interface RunOptions {
  /** Nothing of the test's own environment is handed on but the path. */
  env?: Readonly<Record<string, string>>;
  stdin?: string;
  /** How many files it may open. Default: as many as the test. */
  openFiles?: number;
}

export interface Ran {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
}

/** Runs the CLI as a process, to its end. */
export async function runSignway(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const child = spawnSignway(args, options);
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { stdout, stderr, code };
}

/** Starts the CLI as a process. */
export function spawnSignway(args: readonly string[], options: RunOptions = {}) {
  const limited =
    options.openFiles === undefined ? [] : ['sh', '-c', `ulimit -n ${options.openFiles}; exec "$@"`, 'sh'];
  return Bun.spawn([...limited, process.execPath, '--no-env-file', MAIN, ...args], {
    env: { PATH: process.env.PATH, ...options.env },
    stdin: new Blob([options.stdin ?? '']),
    stdout: 'pipe',
    stderr: 'pipe',
  });
}
