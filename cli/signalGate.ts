/** What a signal means for a process that is asked to stop. */
export type StopStep = 'drain' | 'repeat' | 'exit';

/** A repeat within this time of the first signal is the same signal, in milliseconds. */
export const REPEAT_WINDOW = 1000;

/**
 * Tells a forwarded copy of a signal from a second one. One Ctrl-C reaches every process of the group, and
 * parents forward theirs as well, so a process can see the same one several times within moments: only a
 * signal a second or more after the first says "now".
 *
 * @param clock milliseconds on any scale that only grows
 */
export function createSignalGate(clock: () => number): () => StopStep {
  let first: number | undefined;
  return () => {
    const now = clock();
    if (first === undefined) {
      first = now;
      return 'drain';
    }
    return now - first < REPEAT_WINDOW ? 'repeat' : 'exit';
  };
}
