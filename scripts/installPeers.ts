import { existsSync } from 'node:fs';
import { installed } from '../server/testing/installed.ts';

/** What the tests put in front of a gateway, or have it ask, and Debian's packages of them. */
const PACKAGES = { nginx: 'nginx', haproxy: 'haproxy', dnsmasq: 'dnsmasq-base' } as const;

/**
 * Installs the real servers that some tests run, where that may be done without starting one: as root, by apt, on a
 * machine that systemd does not run. Elsewhere those tests are skipped, and say so.
 */
export async function installPeers(): Promise<void> {
  const missing = Object.entries(PACKAGES).filter(([program]) => installed(program) === null);
  if (missing.length === 0 || !mayInstall()) return;
  await run(['apt-get', 'update', '-qq']);
  await run([
    'apt-get',
    'install',
    '-y',
    '-qq',
    '--no-install-recommends',
    ...missing.map(([, name]) => name),
  ]);
}

function mayInstall(): boolean {
  return process.getuid?.() === 0 && Bun.which('apt-get') !== null && !existsSync('/run/systemd/system');
}

async function run(command: string[]): Promise<void> {
  const child = Bun.spawn(command, {
    stdout: 'ignore',
    stderr: 'inherit',
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' },
  });
  await child.exited;
}
