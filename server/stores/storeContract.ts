import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import type { Admission, Admitted, Rejected, Store } from './store.ts';

/** A backing that several stores share, as the gateways of a deployment do. */
export interface StoreBacking {
  /** Another store on the same backing; for one that cannot be shared, the same again. */
  open(): Store | Promise<Store>;
  /** Lets time pass for the store. */
  advance(milliseconds: number): void | Promise<void>;
  /** Sets the store's clock back. */
  setBack(milliseconds: number): void | Promise<void>;
  stop(): void | Promise<void>;
}

export interface ContractOptions {
  /** The length of the windows whose end is waited for, in milliseconds: longer than a test takes, where time is real. */
  window: number;
  /** For how long its streams count without being renewed, in milliseconds. */
  lease: number;
}

/** Longer than any test. */
const LONG = 60_000;

/** What every store does. */
export function describeStore(
  name: string,
  start: () => StoreBacking | Promise<StoreBacking>,
  { window, lease }: ContractOptions,
): void {
  describe(`the store in ${name}`, () => {
    let backing: StoreBacking;
    let stores: [Store, Store];
    let ids = 0;

    beforeEach(async () => {
      backing = await start();
      stores = [await backing.open(), await backing.open()];
    });

    afterEach(async () => {
      for (const store of stores) await store.close();
      await backing.stop();
    });

    const ask = (admission: Partial<Admission>, at = 0) =>
      stores[at as 0]!.admit({
        id: `request-${ids++}`,
        revocable: [],
        windows: [],
        streams: [],
        budgets: [],
        use: null,
        ...admission,
      });
    const admitted = async (admission: Partial<Admission>, at = 0) => {
      const verdict = await ask(admission, at);
      expect(verdict.admitted).toBe(true);
      return verdict as Admitted;
    };
    const refused = async (admission: Partial<Admission>, at = 0) => {
      const verdict = await ask(admission, at);
      expect(verdict.admitted).toBe(false);
      return verdict as Rejected;
    };
    const settle = (changes: Partial<Parameters<Store['settle']>[0]>, at = 0) =>
      stores[at as 0]!.settle({ id: '', streams: [], budgets: [], unused: null, ...changes });

    describe('nonces', () => {
      const use = { key: 'a/n/one', uses: 1, keepFor: 60_000 };

      test('are good for one use among all gateways', async () => {
        await admitted({ use });
        const { code, retryIn } = await refused({ use }, 1);
        expect([code, retryIn]).toEqual(['already_used', null]);
      });

      test('are good for exactly as many uses as a URL says, asked for all at once', async () => {
        const verdicts = await Promise.all(
          Array.from({ length: 60 }, (_, i) => ask({ use: { ...use, uses: 7 } }, i % 2)),
        );
        expect(verdicts.filter((verdict) => verdict.admitted)).toHaveLength(7);
      });

      test("have one count, and each URL's own limit is held against it", async () => {
        await admitted({ use: { ...use, uses: 3 } });
        await refused({ use });
        await admitted({ use: { ...use, uses: 3 } });
        await admitted({ use: { ...use, uses: 3 } });
        await refused({ use: { ...use, uses: 3 } });
        await admitted({ use: { ...use, uses: 4 } });
      });

      test('of different keys have nothing to do with each other', async () => {
        await admitted({ use });
        await admitted({ use: { ...use, key: 'b/n/one' } });
      });

      test('get a use back that was not needed, and never more than were taken', async () => {
        await admitted({ use });
        await settle({ unused: use.key }, 1);
        await settle({ unused: use.key }, 1);
        await admitted({ use });
        await refused({ use });
      });

      test('are kept as long as the latest expiry seen with them', async () => {
        await admitted({ use: { ...use, uses: 3, keepFor: window } });
        await admitted({ use: { ...use, uses: 3, keepFor: 3 * window } });
        await admitted({ use: { ...use, uses: 3, keepFor: window } });
        await refused({ use: { ...use, uses: 2, keepFor: 10 } });
        await backing.advance(1.5 * window);
        await refused({ use: { ...use, uses: 2, keepFor: 10 } });
        await backing.advance(2 * window);
        await admitted({ use: { ...use, uses: 2 } });
      });

      test('are kept for a URL of a later expiry that came when they were used up', async () => {
        await admitted({ use: { ...use, keepFor: window } });
        await refused({ use: { ...use, keepFor: 3 * window } });
        await backing.advance(1.5 * window);
        await refused({ use });
      });
    });

    describe('windows', () => {
      const windows = [{ key: 'a/r/app', limit: 3, window: LONG }];

      test('admit their limit, asked for all at once, and again after their end', async () => {
        const windows = [{ key: 'a/r/app', limit: 3, window }];
        const verdicts = await Promise.all(Array.from({ length: 30 }, (_, i) => ask({ windows }, i % 2)));
        expect(verdicts.filter((verdict) => verdict.admitted)).toHaveLength(3);
        const { code, retryIn } = await refused({ windows });
        expect(code).toBe('rate_limited');
        expect(retryIn).toBeGreaterThan(0);
        expect(retryIn).toBeLessThanOrEqual(window);
        await backing.advance(window + 1);
        await admitted({ windows });
      });

      test('say what is left, and until when', async () => {
        const [first] = (await admitted({ windows })).windows;
        const [second] = (await admitted({ windows }, 1)).windows;
        expect([first!.remaining, second!.remaining]).toEqual([2, 1]);
        expect(second!.resetIn).toBeGreaterThan(0);
        expect(second!.resetIn).toBeLessThanOrEqual(first!.resetIn);
      });

      test('of length and of limit 0 admit nothing', async () => {
        const { retryIn } = await refused({ windows: [{ key: 'a/r/none', limit: 0, window: LONG }] });
        expect(retryIn).toBeNull();
      });
    });

    describe('streams', () => {
      const streams = [{ key: 'a/s/app', limit: 2 }];

      test('are held until they are settled, by whichever gateway', async () => {
        const first = await admitted({ id: 'first', streams });
        const second = await admitted({ id: 'second', streams }, 1);
        expect([first.streams[0]!.remaining, second.streams[0]!.remaining]).toEqual([1, 0]);
        const { code, retryIn } = await refused({ streams });
        expect([code, retryIn]).toEqual(['too_many_streams', null]);
        await settle({ id: 'first', streams: ['a/s/app'] }, 1);
        await settle({ id: 'first', streams: ['a/s/app'] }, 1);
        await admitted({ streams });
        await refused({ streams }, 1);
      });

      test('are never more than the limit, asked for all at once', async () => {
        const verdicts = await Promise.all(Array.from({ length: 40 }, (_, i) => ask({ streams }, i % 2)));
        expect(verdicts.filter((verdict) => verdict.admitted)).toHaveLength(2);
      });

      test('of a gateway that is gone lapse, renewed ones do not', async () => {
        await admitted({ id: 'gone', streams });
        await admitted({ id: 'runs', streams });
        await backing.advance(lease / 2);
        await stores[0].renew([{ id: 'runs', key: 'a/s/app' }]);
        await backing.advance(lease / 2 + 1);
        await admitted({ streams });
        await refused({ streams });
      });

      test('that are renewed after they lapsed are held again', async () => {
        await stores[1].renew([{ id: 'lapsed', key: 'a/s/app' }]);
        await admitted({ streams });
        await refused({ streams });
      });
    });

    describe('budgets', () => {
      const budget = { key: 'a/t/app', limit: 100, window: LONG, reserve: 40 };
      const spending = ({ ticket }: { ticket: number }, amounts: { reserved: number; spent: number }) => ({
        key: budget.key,
        ticket,
        ...amounts,
      });

      test('reserve before they spend, so that a burst cannot pass', async () => {
        const verdicts = await Promise.all(
          Array.from({ length: 20 }, (_, i) => ask({ budgets: [budget] }, i % 2)),
        );
        expect(verdicts.filter((verdict) => verdict.admitted)).toHaveLength(2);
        const { code, retryIn } = await refused({ budgets: [budget] });
        expect(code).toBe('budget_exhausted');
        expect(retryIn).toBeGreaterThan(0);
      });

      test('get back what was reserved and not spent', async () => {
        const [reservation] = (await admitted({ id: 'first', budgets: [budget] })).budgets;
        expect(reservation!.remaining).toBe(60);
        await admitted({ budgets: [budget] });
        await refused({ budgets: [budget] });
        await settle({ id: 'first', budgets: [spending(reservation!, { reserved: 40, spent: 10 })] }, 1);
        const [after] = (await admitted({ budgets: [budget] })).budgets;
        expect(after!.remaining).toBe(10);
      });

      test('count what was spent beyond the reservation', async () => {
        const [reservation] = (await admitted({ id: 'first', budgets: [budget] })).budgets;
        await settle({ id: 'first', budgets: [spending(reservation!, { reserved: 40, spent: 95 })] });
        await refused({ budgets: [{ ...budget, reserve: 6 }] });
        await admitted({ budgets: [{ ...budget, reserve: 5 }] });
      });

      test('settle in a window of a fraction of a millisecond as in others', async () => {
        const fraction = { ...budget, window: LONG + 0.7 };
        const [first] = (await admitted({ id: 'first', budgets: [fraction] })).budgets;
        await settle({ id: 'first', budgets: [spending(first!, { reserved: 40, spent: 30 })] });
        const [after] = (await admitted({ budgets: [fraction] })).budgets;
        expect(after!.remaining).toBe(30);
      });

      test('settle what an admission took of them little by little', async () => {
        await admitted({ id: 'first', budgets: [budget] });
        const [more] = (await admitted({ id: 'first', budgets: [{ ...budget, reserve: 50 }] })).budgets;
        expect(more!.remaining).toBe(10);
        await settle({ id: 'first', budgets: [spending(more!, { reserved: 90, spent: 45 })] });
        const [after] = (await admitted({ budgets: [budget] })).budgets;
        expect(after!.remaining).toBe(15);
      });

      test('of a new window are not changed by what an old one settles', async () => {
        const short = { ...budget, window };
        const [old] = (await admitted({ id: 'first', budgets: [short] })).budgets;
        await backing.advance(window + 1);
        await admitted({ budgets: [short] });
        await settle({ id: 'first', budgets: [spending(old!, { reserved: 40, spent: 0 })] });
        const [now] = (await admitted({ budgets: [{ ...short, reserve: 0 }] })).budgets;
        expect(now!.remaining).toBe(60);
      });

      test('refuse for good what could never be reserved', async () => {
        const { retryIn } = await refused({ budgets: [{ ...budget, reserve: 101 }] });
        expect(retryIn).toBeNull();
      });

      test('hold amounts far over 32 bits', async () => {
        const large = { ...budget, limit: 4_000_000_000_000, reserve: 3_000_000_000_000 };
        const [{ remaining } = { remaining: 0 }] = (await admitted({ budgets: [large] })).budgets;
        expect(remaining).toBe(1_000_000_000_000);
        await refused({ budgets: [large] });
      });
    });

    describe('an admission', () => {
      const windows = [{ key: 'a/r/app', limit: 5, window: LONG }];
      const streams = [{ key: 'a/s/app', limit: 1 }];
      const budgets = [{ key: 'a/t/app', limit: 10, window: LONG, reserve: 6 }];
      const use = { key: 'a/n/both', uses: 1, keepFor: 60_000 };

      test('that is refused counts nothing at all', async () => {
        await admitted({ use });
        await refused({ windows, streams, budgets, use });
        const { windows: left } = await admitted({ windows, streams, budgets });
        expect(left[0]!.remaining).toBe(4);
      });

      test('names the first fault in the order of the checks', async () => {
        const first = await admitted({ id: 'all', windows, streams, budgets, use });
        const everything = {
          revocable: ['a/u/nobody', 'a/u/revoked'],
          windows: [{ ...windows[0]!, limit: 1 }],
          streams,
          budgets,
          use,
        };
        await stores[1].revoke('a/u/revoked', 60_000);
        const codes = [await refused(everything)];
        await stores[1].restore('a/u/revoked');
        codes.push(await refused(everything));
        codes.push(await refused({ ...everything, windows }));
        await settle({ id: 'all', streams: ['a/s/app'] });
        codes.push(await refused({ ...everything, windows }));
        const { ticket } = first.budgets[0]!;
        await settle({ id: 'all', budgets: [{ key: 'a/t/app', ticket, reserved: 6, spent: 0 }] });
        codes.push(await refused({ ...everything, windows }));
        expect(codes.map(({ code, index }) => [code, index])).toEqual([
          ['revoked', 1],
          ['rate_limited', 0],
          ['too_many_streams', 0],
          ['budget_exhausted', 0],
          ['already_used', 0],
        ]);
      });

      test('says which of several limits refused', async () => {
        const second = { key: 'a/r/u/x', limit: 0, window: LONG };
        expect((await refused({ windows: [...windows, second] })).index).toBe(1);
      });
    });

    describe('a clock that is set back', () => {
      const HOUR = 3_600_000;

      test('makes nobody wait for longer than a window, and forgets no count', async () => {
        const windows = [{ key: 'a/r/app', limit: 1, window }];
        const budgets = [{ key: 'a/t/app', limit: 10, window, reserve: 10 }];
        await admitted({ windows, budgets });
        await backing.setBack(HOUR);
        for (const limits of [{ windows }, { budgets }]) {
          const { retryIn } = await refused(limits);
          expect(retryIn).toBeLessThanOrEqual(window);
        }
        await backing.advance(window + 1);
        await admitted({ windows, budgets });
      });

      test('makes no nonce good again', async () => {
        const use = { key: 'a/n/once', uses: 1, keepFor: window };
        await admitted({ use });
        await backing.setBack(HOUR);
        await backing.advance(window + 1);
        await refused({ use });
      });
    });

    describe('revocations', () => {
      test('hold for every gateway, until they lapse or are taken back', async () => {
        await stores[0].revoke('a/u/mallory', 2 * window);
        await refused({ revocable: ['a/u/mallory'] }, 1);
        await admitted({ revocable: ['a/u/alice', 'b/u/mallory'] }, 1);
        await stores[1].restore('a/u/mallory');
        await admitted({ revocable: ['a/u/mallory'] });
        await stores[0].revoke('a/u/mallory', window);
        await backing.advance(window + 1);
        await admitted({ revocable: ['a/u/mallory'] });
      });

      test('are listed, and only when they have changed', async () => {
        const before = await stores[0].revocations();
        expect(before!.subjects).toEqual([]);
        expect(await stores[0].revocations(before!.version)).toBeNull();
        await stores[1].revoke('a/u/mallory', 60_000);
        const after = await stores[0].revocations(before!.version);
        expect(after!.subjects).toEqual(['a/u/mallory']);
        expect(await stores[0].revocations(after!.version)).toBeNull();
        await stores[1].restore('a/u/mallory');
        expect((await stores[0].revocations(after!.version))!.subjects).toEqual([]);
      });

      test('are listed anew when one has lapsed', async () => {
        await stores[0].revoke('a/u/mallory', window);
        await stores[0].revoke('a/u/trudy', LONG * 2);
        const { version, subjects } = (await stores[1].revocations())!;
        expect([...subjects].sort()).toEqual(['a/u/mallory', 'a/u/trudy']);
        await backing.advance(window + 1);
        const later = await stores[1].revocations(version);
        expect(later!.subjects).toEqual(['a/u/trudy']);
        expect(await stores[1].revocations(later!.version)).toBeNull();
      });
    });
  });
}
