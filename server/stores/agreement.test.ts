import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { type RedisServer, redisProgram, startRedisServer } from '../testing/redisServer.ts';
import { createMemoryStore } from './memoryStore.ts';
import { createRedisStore } from './redisStore.ts';
import { createSqliteStore } from './sqliteStore.ts';
import type { Admission, Store, Verdict } from './store.ts';

// Machines are slow and loaded, and nothing here is about time.
setDefaultTimeout(120_000);

/** Longer than any test, so that no window ends within one. */
const WINDOW = 3_600_000;
const RUNS = Number(process.env.SIGNWAY_RUNS ?? 60);

/** What a gateway does: ask, settle what was admitted, or cut off. Few keys, so that they meet. */
type Step =
  | { readonly kind: 'admit'; readonly admission: Omit<Admission, 'id'> }
  | { readonly kind: 'settle'; readonly which: number; readonly spent: number; readonly unused: boolean }
  | { readonly kind: 'revoke' | 'restore'; readonly subject: string };

const name = fc.constantFrom('a', 'b');
const limit = fc.integer({ min: 0, max: 4 });
const admit = fc
  .record({
    revocable: fc.uniqueArray(name, { maxLength: 2 }),
    windows: fc.uniqueArray(
      fc.record({ key: name.map((key) => `r/${key}`), limit, window: fc.constant(WINDOW) }),
      {
        selector: ({ key }) => key,
        maxLength: 2,
      },
    ),
    streams: fc.uniqueArray(fc.record({ key: name.map((key) => `s/${key}`), limit }), {
      selector: ({ key }) => key,
      maxLength: 2,
    }),
    budgets: fc.uniqueArray(
      fc.record({
        key: name.map((key) => `t/${key}`),
        limit: fc.integer({ min: 0, max: 100 }),
        window: fc.constant(WINDOW),
        reserve: fc.integer({ min: 0, max: 60 }),
      }),
      { selector: ({ key }) => key, maxLength: 2 },
    ),
    use: fc.option(
      fc.record({
        key: name.map((key) => `n/${key}`),
        uses: fc.integer({ min: 1, max: 3 }),
        keepFor: fc.constant(WINDOW),
      }),
    ),
  })
  .map((admission): Step => ({ kind: 'admit', admission }));
const steps = fc.array(
  fc.oneof(
    { arbitrary: admit, weight: 6 },
    {
      arbitrary: fc.record({
        kind: fc.constant('settle' as const),
        which: fc.nat(20),
        spent: fc.integer({ min: 0, max: 90 }),
        unused: fc.boolean(),
      }),
      weight: 3,
    },
    {
      arbitrary: fc.record({ kind: fc.constantFrom('revoke' as const, 'restore' as const), subject: name }),
      weight: 1,
    },
  ),
  { maxLength: 40, size: 'max' },
);

/** Does the steps and gives what was answered, without what depends on the time. */
async function answers(store: Store, script: readonly Step[], prefix: string): Promise<unknown[]> {
  const said: unknown[] = [];
  const running: { id: string; admission: Omit<Admission, 'id'>; verdict: Verdict & { admitted: true } }[] =
    [];
  for (const [index, step] of script.entries()) {
    if (step.kind === 'admit') {
      const admission = prefixed(step.admission, prefix);
      const id = `${prefix}${index}`;
      const verdict = await store.admit({ ...admission, id });
      if (verdict.admitted) running.push({ id, admission, verdict });
      said.push(timeless(verdict));
    } else if (step.kind === 'settle') {
      const [ended] = running.splice(step.which % Math.max(1, running.length), 1);
      if (ended === undefined) continue;
      const { id, admission, verdict } = ended;
      await store.settle({
        id,
        streams: admission.streams.map(({ key }) => key),
        budgets: admission.budgets.map(({ key, reserve }, i) => ({
          key,
          ticket: verdict.budgets[i]!.ticket,
          reserved: reserve,
          spent: step.spent,
        })),
        unused: step.unused ? (admission.use?.key ?? null) : null,
      });
    } else if (step.kind === 'revoke') await store.revoke(prefix + step.subject, WINDOW);
    else await store.restore(prefix + step.subject);
  }
  return said;
}

/** Each script has keys of its own in a store that all share. */
function prefixed(admission: Omit<Admission, 'id'>, prefix: string): Omit<Admission, 'id'> {
  const own = <Limit extends { readonly key: string }>(each: Limit): Limit => ({
    ...each,
    key: prefix + each.key,
  });
  return {
    revocable: admission.revocable.map((subject) => prefix + subject),
    windows: admission.windows.map(own),
    streams: admission.streams.map(own),
    budgets: admission.budgets.map(own),
    use: admission.use === null ? null : own(admission.use),
  };
}

function timeless(verdict: Verdict): unknown {
  if (!verdict.admitted) return { ...verdict, retryIn: verdict.retryIn === null ? null : 'later' };
  const left = ({ remaining }: { remaining: number }) => remaining;
  return [verdict.windows.map(left), verdict.streams.map(left), verdict.budgets.map(left)];
}

const folder = mkdtempSync(join(tmpdir(), 'signway-agreement-'));
const others: Record<string, Store> = { SQLite: createSqliteStore({ path: join(folder, 'store.db') }) };
let redis: RedisServer | null = null;
let scripts = 0;

beforeAll(async () => {
  if (redisProgram === null) return;
  redis = await startRedisServer();
  others.Redis = createRedisStore({ url: redis.url, timeout: 20_000 });
}, 60_000);

afterAll(async () => {
  for (const store of Object.values(others)) await store.close();
  await redis?.stop();
  rmSync(folder, { recursive: true });
});

test(`every store answers as every other does, whatever is asked (Redis ${redisProgram === null ? 'is not here' : 'too'})`, async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (script) => {
      const prefix = `script-${scripts++}/`;
      const expected = await answers(createMemoryStore(), script, prefix);
      for (const [other, store] of Object.entries(others)) {
        expect([other, await answers(store, script, prefix)]).toEqual([other, expected]);
      }
    }),
    { numRuns: RUNS },
  );
});
