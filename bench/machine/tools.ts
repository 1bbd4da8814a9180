export interface Tool {
  readonly command: string;
  /** Debian's package. */
  readonly package: string;
  /** How it is asked for its version, and what of its answer that is. */
  readonly version: { readonly args: readonly string[]; readonly pattern: RegExp };
}

/** What the bench runs beside Bun. */
export const TOOLS: readonly Tool[] = [
  { command: 'nginx', package: 'nginx', version: { args: ['-v'], pattern: /nginx\/(\S+)/ } },
  { command: 'haproxy', package: 'haproxy', version: { args: ['-v'], pattern: /version (\S+)/ } },
  { command: 'caddy', package: 'caddy', version: { args: ['version'], pattern: /(\S+)/ } },
  { command: 'node', package: 'nodejs', version: { args: ['--version'], pattern: /v(\S+)/ } },
  { command: 'wrk', package: 'wrk', version: { args: ['-v'], pattern: /wrk (\S+)/ } },
  {
    command: 'h2load',
    package: 'nghttp2-client',
    version: { args: ['--version'], pattern: /nghttp2\/(\S+)/ },
  },
  { command: 'openssl', package: 'openssl', version: { args: ['version'], pattern: /OpenSSL (\S+)/ } },
];

/**
 * Finds the tools, and installs what is missing with apt where this is root.
 *
 * @returns their versions by command
 * @throws {Error} with the command to install them, when some are still missing
 */
export async function findTools({ log }: { log(line: string): void }): Promise<Record<string, string>> {
  const packages = missingPackages();
  if (packages.length > 0 && process.getuid?.() === 0 && Bun.which('apt-get') !== null) {
    log(`installing ${packages.join(', ')}`);
    await apt(['update', '-qq']);
    // One by one, since one that a distribution does not have would keep all others out.
    for (const each of packages) await apt(['install', '-y', '-qq', '--no-install-recommends', each]);
  }
  const left = missingPackages();
  if (left.length > 0) throw new Error(`missing; as root: apt-get install ${left.join(' ')}`);
  return Object.fromEntries(TOOLS.map((tool) => [tool.command, versionOf(tool)]));
}

function missingPackages(): string[] {
  return TOOLS.filter(({ command }) => Bun.which(command) === null).map((tool) => tool.package);
}

async function apt(args: string[]): Promise<void> {
  const child = Bun.spawn(['apt-get', ...args], {
    stdout: 'ignore',
    stderr: 'inherit',
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  await child.exited;
}

function versionOf({ command, version }: Tool): string {
  const { stdout, stderr } = Bun.spawnSync([command, ...version.args]);
  return version.pattern.exec(stdout.toString() + stderr.toString())?.[1] ?? 'unknown';
}
