import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { CaseResults } from './caseResults.ts';

/** Where and with what something was measured. */
export interface Conditions {
  readonly machine: string;
  /** By name, `signway` with the commit among them. */
  readonly versions: Readonly<Record<string, string>>;
  /** How each system is set up, by name. */
  readonly systems: Readonly<Record<string, string>>;
}

/** Everything that a report shows. */
export interface Measured extends Conditions {
  readonly cases: readonly MeasuredCase[];
}

export interface MeasuredCase extends CaseResults {
  /** YYYY-MM-DD. */
  readonly date: string;
  readonly commit: string;
  /** The share of the machine's processors that went to processes which were no part of it, from 0 to 1. */
  readonly others: number;
}

/** Reads what was kept; null when nothing was. */
export async function readFigures(file: string): Promise<Measured | null> {
  return existsSync(file) ? (JSON.parse(await readFile(file, 'utf8')) as Measured) : null;
}

/** Keeps figures, so that a report can be made of runs that were not one. */
export async function writeFigures(file: string, measured: Measured): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify(measured, null, 1)}\n`);
}

/**
 * Puts a case's new figures in the place of its old ones, in the order of `ids`. Cases that were measured on
 * another machine, or that are no more, are dropped.
 */
export function mergeFigures(
  kept: Measured | null,
  { conditions, measured, ids }: { conditions: Conditions; measured: MeasuredCase; ids: readonly string[] },
): Measured {
  const older = kept?.machine === conditions.machine ? kept.cases : [];
  const cases = [...older.filter(({ id }) => id !== measured.id), measured]
    .filter(({ id }) => ids.includes(id))
    .sort((a, b) => ids.indexOf(a.id) - ids.indexOf(b.id));
  return { ...conditions, cases };
}
