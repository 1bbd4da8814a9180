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
  /** Whether Bun is on the `PATH`. Default: true. */
  bun?: boolean;
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
  const [withBun, withoutBun] = [join(root, 'bin-with-bun'), join(root, 'bin-without-bun')];
  await Promise.all([path, withBun, withoutBun].map((folder) => mkdir(folder)));
  for (const name of WITHOUT_BUN) {
    const program = Bun.which(name);
    if (program === null) continue;
    await symlink(await realpath(program), join(withBun, name));
    await symlink(await realpath(program), join(withoutBun, name));
  }
  await symlink(process.execPath, join(withBun, 'bun'));
  // npm's package of Bun has a program of that name, others a link.
  const bunx = join(dirname(process.execPath), 'bunx.exe');
  await symlink(existsSync(bunx) ? bunx : process.execPath, join(withBun, 'bunx'));

  function start(command: readonly string[], { env, stdin = '', bun = true }: UserRun = {}): UserProcess {
    const PATH = bun ? withBun : withoutBun;
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

// `sh` and `env` are what scripts of packages are started by.
const WITHOUT_BUN = [
  'node',
  'npm',
  'npx',
  'sh',
  'env',
  'curl',
  'cat',
  'mkdir',
  'rm',
  'sed',
  'uname',
  'dirname',
];
