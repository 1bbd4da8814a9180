import type { CaseResults } from './caseResults.ts';
import { median } from './statistics.ts';

/** A system beside the one that its case compares with. Figures that cannot be told are NaN. */
export interface Comparison {
  readonly system: string;
  /** Above 1 is better than the reference, whichever way the unit runs. The median over the rounds. */
  readonly ratio: number;
  /** The lowest and the highest ratio of a round. */
  readonly spread: readonly [low: number, high: number];
  /** The median of each unit. */
  readonly figures: ReadonlyMap<string, number>;
  readonly failure: string | null;
}

/** Compares within each round, so that what slows a whole round down leaves the ratios as they are. */
export function compare({ systems, reference, unit, lessIsBetter }: CaseResults): Comparison[] {
  const references = systems[reference]?.rounds ?? [];
  return Object.entries(systems).map(([system, { rounds, failure }]) => {
    const ratios = rounds
      .map((figures, round) => ratioOf(figures[unit], references[round]?.[unit]))
      .filter((ratio) => !Number.isNaN(ratio));
    const units = new Set(rounds.flatMap((figures) => Object.keys(figures)));
    return {
      system,
      ratio: median(ratios),
      spread: ratios.length === 0 ? NO_SPREAD : [Math.min(...ratios), Math.max(...ratios)],
      figures: new Map(
        [...units].map((name) => [name, median(rounds.map((figures) => figures[name] ?? Number.NaN))]),
      ),
      failure,
    };
  });

  function ratioOf(own: number | undefined, other: number | undefined): number {
    // Two medians that differ by noise can put what was added below nothing; no ratio can be told from that.
    if (own === undefined || other === undefined || own <= 0 || other <= 0) return Number.NaN;
    return lessIsBetter ? other / own : own / other;
  }
}

const NO_SPREAD = [Number.NaN, Number.NaN] as const;
