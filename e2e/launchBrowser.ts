import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright';

/**
 * Debian's Chromium where it is installed, else `SIGNWAY_CHROMIUM`, else the one that Playwright installs.
 *
 * @param named The value of `SIGNWAY_CHROMIUM`.
 */
export function launchBrowser(named: string | undefined): Promise<Browser> {
  const executablePath = existsSync(DEBIAN) ? DEBIAN : named;
  return chromium.launch({ args: QUIET, ...(executablePath && { executablePath }) });
}

const DEBIAN = '/usr/bin/chromium';

/** No sandbox inside a container, and nothing that calls home or leaves loopback. */
const QUIET = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
