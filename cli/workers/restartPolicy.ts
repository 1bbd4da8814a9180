/** When a worker that has ended is followed by another: milliseconds from now, or never again. */
export type Restart = number | 'give up';

/**
 * Decides over the restarts of one worker. One that served for a while is followed at once; one that ends at once,
 * again and again, after longer and longer pauses, and in the end by none.
 *
 * @returns is told how long the last one lived, in milliseconds
 */
export function createRestartPolicy(): (lived: number) => Restart {
  let failures = 0;
  return (lived) => {
    if (lived >= HEALTHY_AFTER) failures = 0;
    failures++;
    if (failures > MOST_FAILURES) return 'give up';
    return failures === 1 ? 0 : FIRST_PAUSE * 2 ** (failures - 2);
  };
}

/** Milliseconds. */
export const HEALTHY_AFTER = 10_000;
const FIRST_PAUSE = 100;
const MOST_FAILURES = 6;
