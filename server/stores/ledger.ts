import type { Admission, Quota, Rejected, RejectionCode, Reservation, Settlement, Verdict } from './store.ts';

/**
 * What the rules of {@link admitTo} are applied to, by a store that can do several reads and writes as one step.
 * What has lapsed is not there any more.
 */
export interface Ledger {
  /** Milliseconds since the epoch. */
  now(): number;
  counter(key: string): Counter | undefined;
  put(key: string, counter: Counter): void;
  revoked(subject: string): boolean;
  /** How many streams hold a lease. */
  streams(key: string): number;
  hold(key: string, id: string): void;
  release(key: string, id: string): void;
}

export interface Counter {
  readonly count: number;
  /** When it lapses, in milliseconds since the epoch. */
  readonly ends: number;
}

/** So that of many refused uses of one URL the next has nothing to write, in milliseconds. */
export const A_LITTLE_LONGER = 1000;

/** Applies an admission: everything is checked before anything is counted, the use of a nonce last. */
export function admitTo(ledger: Ledger, admission: Admission): Verdict {
  const { id, revocable, windows, streams, budgets, use } = admission;
  const now = ledger.now();
  const running = (key: string, window: number): Counter => {
    const counter = ledger.counter(key);
    if (counter === undefined) return { count: 0, ends: now + window };
    if (counter.ends <= now + window) return counter;
    // The clock has been set back: nobody waits for longer than a window.
    const shortened = { count: counter.count, ends: now + window };
    ledger.put(key, shortened);
    return shortened;
  };

  const revoked = revocable.findIndex((subject) => ledger.revoked(subject));
  if (revoked !== -1) return rejected('revoked', revoked);

  const requests = windows.map(({ key, window }) => running(key, window));
  for (const [index, { limit }] of windows.entries()) {
    const { count, ends } = requests[index]!;
    if (count >= limit) return rejected('rate_limited', index, limit > 0 ? ends - now : null);
  }
  const held = streams.map(({ key }) => ledger.streams(key));
  const full = streams.findIndex(({ limit }, index) => held[index]! >= limit);
  if (full !== -1) return rejected('too_many_streams', full);

  const amounts = budgets.map(({ key, window }) => running(key, window));
  for (const [index, { limit, reserve }] of budgets.entries()) {
    const { count, ends } = amounts[index]!;
    const never = reserve > limit;
    if (count + reserve > limit) return rejected('budget_exhausted', index, never ? null : ends - now);
  }
  if (use !== null) {
    const used = ledger.counter(use.key) ?? { count: 0, ends: 0 };
    const ends = now + use.keepFor;
    if (used.count >= use.uses) {
      if (ends > used.ends) ledger.put(use.key, { count: used.count, ends: ends + A_LITTLE_LONGER });
      return rejected('already_used', 0);
    }
    ledger.put(use.key, { count: used.count + 1, ends: Math.max(used.ends, ends) });
  }

  const quotas = windows.map(({ key, limit }, index): Quota => {
    const { count, ends } = requests[index]!;
    ledger.put(key, { count: count + 1, ends });
    return { remaining: limit - count - 1, resetIn: ends - now };
  });
  for (const { key } of streams) ledger.hold(key, id);
  const reservations = budgets.map(({ key, limit, reserve }, index): Reservation => {
    const { count, ends } = amounts[index]!;
    ledger.put(key, { count: count + reserve, ends });
    return { remaining: limit - count - reserve, resetIn: ends - now, ticket: ends };
  });
  return {
    admitted: true,
    windows: quotas,
    streams: streams.map(({ limit }, index) => ({ remaining: limit - held[index]! - 1 })),
    budgets: reservations,
  };
}

export function settleIn(ledger: Ledger, { id, streams, budgets, unused }: Settlement): void {
  for (const key of streams) ledger.release(key, id);
  for (const { key, ticket, reserved, spent } of budgets) {
    const counter = ledger.counter(key);
    if (counter?.ends === ticket) {
      ledger.put(key, { count: Math.max(0, counter.count + spent - reserved), ends: counter.ends });
    }
  }
  const used = unused === null ? undefined : ledger.counter(unused);
  if (unused !== null && used !== undefined && used.count > 0) {
    ledger.put(unused, { count: used.count - 1, ends: used.ends });
  }
}

function rejected(code: RejectionCode, index: number, retryIn: number | null = null): Rejected {
  return { admitted: false, code, index, retryIn };
}
