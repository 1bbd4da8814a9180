import { expect, test } from 'bun:test';
import { createMemoryStore } from './memoryStore.ts';
import { type Admission, StoreUnavailable } from './store.ts';
import { describeStore } from './storeContract.ts';

describeStore(
  'memory',
  () => {
    let now = 1_795_000_000_000;
    const store = createMemoryStore({ clock: () => now });
    return {
      open: () => store,
      advance(milliseconds) {
        now += milliseconds;
      },
      setBack(milliseconds) {
        now -= milliseconds;
      },
      stop() {},
    };
  },
  { window: 60_000, lease: 30_000 },
);

function use(key: string, keepFor: number): Admission {
  return { id: key, revocable: [], windows: [], streams: [], budgets: [], use: { key, uses: 1, keepFor } };
}

test('a full store refuses new nonces and forgets none, until one has lapsed', () => {
  let now = 0;
  const store = createMemoryStore({ capacity: 3, clock: () => now });
  for (const [key, keepFor] of [
    ['a', 10_000],
    ['b', 90_000],
    ['c', 90_000],
  ] as const) {
    expect(store.admit(use(key, keepFor))).toMatchObject({ admitted: true });
  }
  now = 5000;
  expect(() => store.admit(use('d', 90_000))).toThrow(StoreUnavailable);
  now = 10_001;
  expect(store.admit(use('d', 90_000))).toMatchObject({ admitted: true });
  expect(store.admit(use('b', 90_000))).toMatchObject({ admitted: false, code: 'already_used' });
});

test('what has lapsed goes without being asked for', () => {
  let now = 0;
  const store = createMemoryStore({ capacity: 1000, clock: () => now });
  for (let i = 0; i < 10_000; i++) {
    now += 20;
    expect(store.admit(use(`nonce-${i}`, 1000))).toMatchObject({ admitted: true });
  }
});
