import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A folder of a user who has nothing yet. */
export interface UserFolder extends AsyncDisposable {
  readonly path: string;
  /** Writes files into it, by their names. */
  write(files: Readonly<Record<string, string>>): Promise<void>;
  /** Runs a command in it, to its end. */
  run(command: readonly string[], options?: UserRun): Promise<Ran>;
  /** Starts a command in it, as the first of a group of processes. */
  start(command: readonly string[], options?: UserRun): UserProcess;
}

export interface UserRun {
  env?: Readonly<Record<string, string>>;
  stdin?: string;
  /** What is not on the `PATH`. Default: both Bun and Node are. */
  without?: 'bun' | 'node' | undefined;
}

export interface Ran {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
}

export type UserProcess = Bun.Subprocess<Blob, 'pipe', 'pipe'>;

/** Makes an empty folder whose commands find Bun and Node, and nothing of this repository. */
export async function emptyFolder(): Promise<UserFolder> {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'signway-user-')));
  const path = join(root, 'project');
  await mkdir(path);
  const programs = { ...(await programsNamed(NAMES)), bun: process.execPath, bunx: bunx() };
  const pathOf = (without: UserRun['without']) => join(root, `bin-without-${without}`);
  for (const without of ['bun', 'node', undefined] as const) {
    await mkdir(pathOf(without));
    for (const [name, program] of Object.entries(programs)) {
      const belongsTo = name.startsWith('bun') ? 'bun' : name.startsWith('n') ? 'node' : null;
      if (without === undefined || belongsTo !== without) await symlink(program, join(pathOf(without), name));
    }
  }

  function start(command: readonly string[], { env, stdin = '', without }: UserRun = {}): UserProcess {
    const PATH = pathOf(without);
    return Bun.spawn([Bun.which(command[0]!, { PATH, cwd: path }) ?? command[0]!, ...command.slice(1)], {
      cwd: path,
      env: { PATH, HOME: process.env.HOME, ...env },
      stdin: new Blob([stdin]),
      detached: true,
      stdout: 'pipe',
      stderr: 'pipe',
    });
  }

  return {
    path,
    async write(files) {
      for (const [name, text] of Object.entries(files)) {
        await mkdir(dirname(join(path, name)), { recursive: true });
        await writeFile(join(path, name), text);
      }
    },
    start,
    async run(command, options) {
      const child = start(command, options);
      const [stdout, stderr, code] = await Promise.all([
        new Response(child.stdout).text(),
        new Response(child.stderr).text(),
        child.exited,
      ]);
      return { stdout, stderr, code };
    },
    [Symbol.asyncDispose]: () => rm(root, { recursive: true }),
  };
}

/** The programs of this machine that have one of the names. */
async function programsNamed(names: readonly string[]): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const name of names) {
    const program = Bun.which(name);
    if (program !== null) found[name] = await realpath(program);
  }
  return found;
}

/** npm's package of Bun has a program of that name, others a link. */
function bunx(): string {
  const beside = join(dirname(process.execPath), 'bunx.exe');
  return existsSync(beside) ? beside : process.execPath;
}

// `sh` and `env` are what scripts of packages are started by.
const NAMES = ['node', 'npm', 'npx', 'sh', 'env', 'curl', 'cat', 'mkdir', 'rm', 'sed', 'uname', 'dirname'];
