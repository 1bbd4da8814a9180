import { Database } from 'bun:sqlite';
import { afterAll, expect, setDefaultTimeout, test } from 'bun:test';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSqliteStore } from './sqliteStore.ts';
import { type Admission, StoreUnavailable } from './store.ts';
import { describeStore } from './storeContract.ts';

// Machines are slow and loaded, and nothing here is about time.
setDefaultTimeout(60_000);

describeStore(
  'SQLite',
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'signway-store-'));
    let now = 1_795_000_000_000;
    return {
      open: () => createSqliteStore({ path: join(folder, 'store.db'), clock: () => now }),
      advance(milliseconds) {
        now += milliseconds;
      },
      setBack(milliseconds) {
        now -= milliseconds;
      },
      stop: () => rmSync(folder, { recursive: true }),
    };
  },
  { window: 60_000, lease: 30_000 },
);

const ADMISSION: Admission = {
  id: 'one',
  revocable: [],
  windows: [],
  streams: [],
  budgets: [],
  use: { key: 'a/n/once', uses: 1, keepFor: 60_000 },
};

const folder = mkdtempSync(join(tmpdir(), 'signway-store-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('a restart does not make a nonce good again, and the file is its owner’s alone', async () => {
  const path = join(mkdtempSync(join(folder, 'one-')), 'store.db');
  const before = createSqliteStore({ path });
  expect(await before.admit(ADMISSION)).toMatchObject({ admitted: true });
  await before.close();
  const after = createSqliteStore({ path });
  expect(await after.admit(ADMISSION)).toMatchObject({ code: 'already_used' });
  await after.close();
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test('a file that another process holds is an unavailable store, and it recovers', async () => {
  const path = join(mkdtempSync(join(folder, 'one-')), 'store.db');
  const store = createSqliteStore({ path, busyTimeout: 20 });
  const other = new Database(path);
  other.run('BEGIN IMMEDIATE');
  await expect(Promise.resolve(store.admit(ADMISSION))).rejects.toBeInstanceOf(StoreUnavailable);
  other.run('ROLLBACK');
  expect(await store.admit(ADMISSION)).toMatchObject({ admitted: true });
  other.close();
  await store.close();
});

test('a file that cannot be opened is said to be so', () => {
  expect(() => createSqliteStore({ path: '/no/such/folder/store.db' })).toThrow(StoreUnavailable);
});
