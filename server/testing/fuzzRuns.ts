/**
 * How often a property is tried: a few thousand times, or as often as `SIGNWAY_FUZZ_RUNS` says. What fails is
 * printed with the seed that finds it again.
 */
export function fuzzRuns(usual: number): { numRuns: number; endOnFailure: boolean } {
  const named = Number(process.env.SIGNWAY_FUZZ_RUNS);
  return { numRuns: named > 0 ? named : usual, endOnFailure: false };
}

/** A test with so many runs may take as long as it takes. */
export const FUZZ_TIMEOUT = 24 * 3_600_000;
