import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { isNewEnough } from '../package/version.ts';
import type { Terminal } from './terminal.ts';

/** A Bun that can run the gateway, or the version of one that is too old for it. */
export interface FoundBun {
  readonly program?: string;
  readonly tooOld?: string;
}

/**
 * Looks for Bun where `npm install bun` puts it beside this package, then on the `PATH`. The package is no
 * dependency of this one: it holds 100 MB, which a backend that only signs has no use for.
 */
export function findBun(env: Terminal['env']): FoundBun {
  let tooOld: string | undefined;
  for (const program of candidates()) {
    const { stdout, status } = spawnSync(program, ['--version'], { env, encoding: 'utf8' });
    if (status !== 0) continue;
    const version = stdout.trim();
    if (isNewEnough(version)) return { program };
    tooOld ??= version;
  }
  return tooOld === undefined ? {} : { tooOld };
}

function candidates(): string[] {
  try {
    const manifest = createRequire(import.meta.url).resolve('bun/package.json');
    return [join(dirname(manifest), 'bin', 'bun.exe'), 'bun'];
  } catch {
    return ['bun'];
  }
}
