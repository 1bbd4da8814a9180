/**
 * `setTimeout` for times that a person chose. What is longer than a timer can be (24 days and 20 hours) waits for that
 * long: `setTimeout` itself would call back at once.
 */
export function startTimer(callback: () => void, milliseconds: number): ReturnType<typeof setTimeout> {
  return setTimeout(callback, Math.min(milliseconds, LONGEST));
}

const LONGEST = 2 ** 31 - 1;
