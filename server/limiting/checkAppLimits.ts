import { checkAmount } from '../checkAmount.ts';
import type { AppLimits, Windowed } from './appLimits.ts';

/**
 * Takes limits that can be counted against.
 *
 * @param whose what they are a part of, for the message
 * @throws {TypeError} for an amount that is none
 */
export function checkAppLimits(limits: AppLimits | undefined, whose: string): void {
  if (limits === undefined) return;
  const { requests, streams, bytes, tokens, duration } = limits;
  const windowed = { requests, bytes, tokens } satisfies Record<string, Windowed | undefined>;
  for (const [name, amount] of Object.entries(windowed)) {
    if (amount === undefined) continue;
    checkAmount(`${whose}.${name}.limit`, amount.limit);
    checkAmount(`${whose}.${name}.window`, amount.window, { least: 1 });
  }
  if (bytes?.reserve !== undefined) checkAmount(`${whose}.bytes.reserve`, bytes.reserve);
  if (tokens !== undefined) checkAmount(`${whose}.tokens.reserve`, tokens.reserve);
  if (streams !== undefined) checkAmount(`${whose}.streams`, streams);
  if (duration !== undefined) checkAmount(`${whose}.duration`, duration, { least: 1 });
}
