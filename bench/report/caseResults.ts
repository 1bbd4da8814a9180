import type { Case, Figures } from '../cases/case.ts';

/** What was measured of a case: as it is kept and rendered. */
export interface CaseResults
  extends Required<Pick<Case, 'id' | 'title' | 'method' | 'group' | 'unit' | 'lessIsBetter' | 'reference'>> {
  readonly rounds: number;
  readonly seconds: number;
  /** By name, in the order of the tables. */
  readonly systems: Readonly<Record<string, SystemResults>>;
}

export interface SystemResults {
  /** The figures of each round, in order. A figure that a system does not have is not there. */
  readonly rounds: readonly Figures[];
  /** Why there are no figures, or fewer than rounds; else null. */
  readonly failure: string | null;
}
