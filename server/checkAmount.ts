/**
 * Takes a number that can be a limit. An embedder's variable that is not set would be `NaN` or `undefined`, which
 * nothing is ever over.
 *
 * @param name what it is, for the message
 * @throws {TypeError} for what is no number, or under `least` (default: 0)
 */
export function checkAmount(name: string, amount: unknown, { least = 0 } = {}): void {
  if (typeof amount === 'number' && amount >= least) return;
  throw new TypeError(`${name} must be a number from ${least}`);
}
