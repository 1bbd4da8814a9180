import type { Case, Figures } from './cases/case.ts';
import type { CaseResults, SystemResults } from './report/caseResults.ts';
import type { Setup, System } from './systems/system.ts';

export interface RunOptions {
  rounds: number;
  seconds: number;
  /** Told before each run of a system. */
  onRun?(system: string, round: number): void;
}

/**
 * Puts a case to its systems, one after the other within each round, so that a busy moment of the machine meets
 * them all; each round begins with another. Every run is a fresh process. A system that fails is not asked again,
 * and the others go on.
 */
export async function runCase(
  each: Case,
  systems: readonly System[],
  { rounds, seconds, onRun }: RunOptions,
): Promise<CaseResults> {
  const setup: Setup = { workers: 1, tls: false, apps: 1, ...each.setup };
  const taking = systems.filter(({ name }) => each.systems.includes(name));
  const results = new Map<string, { rounds: Figures[]; failure: string | null }>();
  for (const system of taking) results.set(system.name, { rounds: [], failure: system.missing(setup) });

  for (let round = 0; round < rounds; round++) {
    const found = new Map<string, Figures>();
    for (const system of rotated(taking, round)) {
      const own = results.get(system.name)!;
      if (own.failure !== null) continue;
      onRun?.(system.name, round);
      try {
        found.set(system.name, await runOnce(each, { system, setup, seconds }));
      } catch (error) {
        own.failure = firstLine(error);
      }
    }
    const direct = found.get('direct');
    for (const [name, figures] of found) {
      const beside = direct === undefined || name === 'direct' ? undefined : each.besideDirect;
      results.get(name)!.rounds.push(beside?.(figures, direct!) ?? figures);
    }
  }
  return resultsOf(each, { rounds, seconds, systems: Object.fromEntries(results) });
}

async function runOnce(
  each: Case,
  { system, setup, seconds }: { system: System; setup: Setup; seconds: number },
): Promise<Figures> {
  const running = await system.start(setup);
  try {
    const figures = await each.run(running, { seconds });
    return Object.fromEntries(Object.entries(figures).filter(([, value]) => !Number.isNaN(value)));
  } finally {
    await running.stop();
  }
}

function resultsOf(
  { id, title, method, group, unit, lessIsBetter, reference = 'nginx' }: Case,
  run: { rounds: number; seconds: number; systems: Readonly<Record<string, SystemResults>> },
): CaseResults {
  return { id, title, method, group, unit, lessIsBetter, reference, ...run };
}

function rotated<T>(list: readonly T[], by: number): T[] {
  const start = by % list.length;
  return [...list.slice(start), ...list.slice(0, start)];
}

function firstLine(error: unknown): string {
  return String(error instanceof Error ? error.message : error).split('\n')[0]!;
}
