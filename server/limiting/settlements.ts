import type { Settlement, Store } from '../stores/store.ts';

/** Settlements on their way to the store. */
export interface Settlements {
  add(settlement: Settlement): void;
  /** Waits for those that are on their way and tries the others once more. */
  close(): Promise<void>;
}

/**
 * Hands settlements to the store; what it cannot take is kept and tried again, the {@link MOST_KEPT} latest. What is
 * lost comes back by itself: streams when their lease lapses, reservations when their window ends.
 */
export function createSettlements(store: Store, { retryInterval = 1000 } = {}): Settlements {
  const kept: Settlement[] = [];
  const underway = new Set<Promise<void>>();
  const retry = setInterval(() => {
    for (const settlement of kept.splice(0)) add(settlement);
  }, retryInterval);
  retry.unref();

  return {
    add,
    async close() {
      clearInterval(retry);
      for (const settlement of kept.splice(0)) add(settlement);
      await Promise.all(underway);
    },
  };

  function add(settlement: Settlement): void {
    if (settlement.streams.length + settlement.budgets.length === 0 && settlement.unused === null) return;
    const settled = settle(settlement).finally(() => underway.delete(settled));
    underway.add(settled);
  }

  async function settle(settlement: Settlement): Promise<void> {
    try {
      await store.settle(settlement);
    } catch {
      kept.push(settlement);
      if (kept.length > MOST_KEPT) kept.shift();
    }
  }
}

const MOST_KEPT = 10_000;
