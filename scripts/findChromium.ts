import { existsSync } from 'node:fs';

const INSTALLED = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/**
 * The path of a Chromium: the one that SIGNWAY_CHROMIUM names, one that is installed, Debian's if it may be
 * installed here, else Playwright's own.
 */
export async function findChromium(): Promise<string> {
  const named = process.env.SIGNWAY_CHROMIUM;
  if (named !== undefined && named !== '') return named;
  const installed = INSTALLED.find(existsSync);
  if (installed !== undefined) return installed;
  if (process.getuid?.() === 0 && Bun.which('apt-get') !== null) {
    await run(['apt-get', 'update', '-qq']);
    await run(['apt-get', 'install', '-y', '-qq', '--no-install-recommends', 'chromium', 'fonts-liberation']);
    if (existsSync(INSTALLED[0]!)) return INSTALLED[0]!;
  }
  await run([process.execPath, 'x', 'playwright', 'install', 'chromium']);
  const { chromium } = await import('playwright');
  return chromium.executablePath();
}

async function run(command: string[]): Promise<void> {
  const child = Bun.spawn(command, {
    stdout: 'ignore',
    stderr: 'inherit',
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  await child.exited;
}
