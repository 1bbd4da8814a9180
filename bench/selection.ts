import type { Case } from './cases/case.ts';

/**
 * Keeps what `--only` names. Each filter is `CASE`, `CASE/SYSTEM` or `/SYSTEM`, parts of their names; several
 * widen each other. The system that a case compares with always runs, and `direct` where the figures need it.
 */
export function selectCases(cases: readonly Case[], filters: readonly string[]): Case[] {
  if (filters.length === 0) return [...cases];
  return cases.flatMap((each) => {
    const wanted = filters
      .map((filter) => filter.split('/', 2) as [string, string | undefined])
      .filter(([id]) => each.id.includes(id));
    const named = each.systems.filter((system) => wanted.some(([, part = '']) => system.includes(part)));
    if (named.length === 0) return [];
    const systems = each.systems.filter((system) => named.includes(system) || isNeeded(system, each));
    return [{ ...each, systems }];
  });
}

/** Puts this gateway with other options beside itself, in every case that has it. */
export function withBeside(cases: readonly Case[], options: string | undefined): Case[] {
  if (options === undefined) return [...cases];
  return cases
    .filter(({ systems }) => systems.includes('signway'))
    .map((each) => ({ ...each, systems: [...each.systems, `signway ${options}`] }));
}

function isNeeded(system: string, { reference = 'nginx', besideDirect }: Case): boolean {
  return system === reference || (system === 'direct' && besideDirect !== undefined);
}
