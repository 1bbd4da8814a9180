import { readFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { descriptorLimit } from './descriptorLimit.ts';

/** The machine in one line, for a report. */
export function describeMachine(): string {
  const memory = Math.round(totalmem() / 2 ** 30);
  return [
    `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'an unknown processor'}`,
    `${memory} GiB`,
    `Linux ${release()}, ${distribution()}`,
    `${descriptorLimit().toLocaleString('en')} open files`,
  ].join('; ');
}

function distribution(): string {
  try {
    return /^PRETTY_NAME="?([^"\n]*)/m.exec(readFileSync('/etc/os-release', 'utf8'))![1]!;
  } catch {
    return 'an unknown distribution';
  }
}
