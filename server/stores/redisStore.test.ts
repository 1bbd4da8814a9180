import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  setDefaultTimeout,
  test,
} from 'bun:test';
import { type RedisServer, redisProgram, startRedisServer } from '../testing/redisServer.ts';
import { createRedisStore } from './redisStore.ts';
import { type Admission, type Store, StoreUnavailable } from './store.ts';
import { describeStore } from './storeContract.ts';

// Machines are slow and loaded, and nothing here is about time.
setDefaultTimeout(60_000);

if (redisProgram === null) {
  test.skip('the store in Redis: there is no redis-server here (apt install redis-server)', () => {});
} else {
  let server: RedisServer;

  beforeAll(async () => {
    server = await startRedisServer();
  }, 30_000);

  afterAll(async () => {
    await server.stop();
  });

  describeStore(
    'Redis',
    async () => {
      await server.clear();
      return {
        open: () => createRedisStore({ url: server.url, lease: 1200, timeout: 10_000 }),
        // Its clock is the server's own.
        advance: (milliseconds) => Bun.sleep(milliseconds),
        setBack: (milliseconds) => server.setBack(milliseconds),
        stop() {},
      };
    },
    { window: 1200, lease: 1200 },
  );

  describe('a Redis that is away', () => {
    const once = (key: string): Admission => ({
      id: key,
      revocable: [],
      windows: [],
      streams: [],
      budgets: [],
      use: { key, uses: 1, keepFor: 60_000 },
    });

    async function recovers(store: Store): Promise<void> {
      for (;;) {
        try {
          if ((await store.admit(once(crypto.randomUUID()))).admitted) return;
        } catch (error) {
          expect(error).toBeInstanceOf(StoreUnavailable);
          await Bun.sleep(20);
        }
      }
    }

    test('is an unavailable store, without waiting, and recovers by itself', async () => {
      const store = createRedisStore({ url: server.url });
      await store.admit(once('before'));
      await server.kill();
      for (let i = 0; i < 5; i++) {
        expect(await Promise.resolve(store.admit(once('while'))).catch((error) => error)).toBeInstanceOf(
          StoreUnavailable,
        );
      }
      await server.start();
      await recovers(store);
      await store.close();
    }, 30_000);

    test('from the start is an unavailable store, and recovers', async () => {
      await server.kill();
      const store = createRedisStore({ url: server.url });
      expect(await Promise.resolve(store.admit(once('first'))).catch((error) => error)).toBeInstanceOf(
        StoreUnavailable,
      );
      await server.start();
      await recovers(store);
      await store.close();
    }, 30_000);

    test('that hangs is given up after the timeout, and comes back', async () => {
      const store = createRedisStore({ url: server.url, timeout: 100 });
      await store.admit(once('before-the-pause'));
      server.pause();
      try {
        const answers = await Promise.all(
          Array.from({ length: 20 }, (_, i) =>
            Promise.resolve(store.admit(once(`hanging-${i}`))).catch((error) => error),
          ),
        );
        for (const answer of answers) expect(answer).toBeInstanceOf(StoreUnavailable);
      } finally {
        server.resume();
      }
      await recovers(store);
      await store.close();
    }, 30_000);

    describe('and did what was asked, but gave no answer', () => {
      const budget = { key: 'a/t/app', limit: 100, window: 60_000, reserve: 40 };
      const streams = [{ key: 'a/s/app', limit: 1 }];
      const nothing: Admission = { id: '', revocable: [], windows: [], streams: [], budgets: [], use: null };
      let store: Store;

      beforeEach(async () => {
        await server.clear();
        store = createRedisStore({ url: server.url, timeout: 1000 });
        await recovers(store);
        await store.settle({ id: '', streams: [], budgets: [], unused: null });
      });

      afterEach(() => store.close());

      /** Has the server do something, and nobody hear of it. */
      async function unheard(ask: () => unknown): Promise<void> {
        server.pause();
        const error = await Promise.resolve(ask()).catch((reason) => reason);
        server.resume();
        expect(error).toBeInstanceOf(StoreUnavailable);
        expect((error as StoreUnavailable).perhapsDone).toBe(true);
        await recovers(store);
      }

      const left = async () => {
        const verdict = await store.admit({ ...nothing, budgets: [{ ...budget, reserve: 0 }] });
        return verdict.admitted ? verdict.budgets[0]!.remaining : null;
      };

      test('settles once what it is asked to settle again', async () => {
        await store.admit({ ...nothing, id: 'other', budgets: [budget] });
        const use = { key: 'a/n/once', uses: 1, keepFor: 60_000 };
        const verdict = await store.admit({ ...nothing, id: 'ended', budgets: [budget], use });
        const [{ ticket } = { ticket: 0 }] = verdict.admitted ? verdict.budgets : [];
        const settlement = {
          id: 'ended',
          streams: [],
          budgets: [{ key: budget.key, ticket, reserved: 40, spent: 0 }],
          unused: use.key,
        };
        await unheard(() => store.settle(settlement));
        expect(await left()).toBe(60);
        expect(await store.admit({ ...nothing, id: 'again', use })).toMatchObject({ admitted: true });
        await store.settle(settlement);
        expect(await left()).toBe(60);
        expect(await store.admit({ ...nothing, id: 'third', use })).toMatchObject({ code: 'already_used' });
      });

      test('gives back what an admission holds that nobody heard of', async () => {
        const admission = { ...nothing, id: 'unheard', streams, budgets: [budget] };
        await unheard(() => store.admit(admission));
        expect(await left()).toBe(60);
        const withdrawal = {
          id: 'unheard',
          streams: ['a/s/app'],
          budgets: [{ key: budget.key, ticket: 0, reserved: 0, spent: 0 }],
          unused: null,
        };
        for (let i = 0; i < 2; i++) await store.settle(withdrawal);
        expect(await left()).toBe(100);
        expect(await store.admit({ ...nothing, id: 'next', streams })).toMatchObject({ admitted: true });
      });

      test('gives back what was reserved further, though nobody heard of it', async () => {
        const verdict = await store.admit({ ...nothing, id: 'runs', budgets: [budget] });
        const [{ ticket } = { ticket: 0 }] = verdict.admitted ? verdict.budgets : [];
        await unheard(() => store.admit({ ...nothing, id: 'runs', budgets: [budget] }));
        expect(await left()).toBe(20);
        const spending = { key: budget.key, ticket, reserved: 40, spent: 30 };
        await store.settle({ id: 'runs', streams: [], budgets: [spending], unused: null });
        expect(await left()).toBe(70);
      });

      test('counts what was spent, whichever of two settlements comes first', async () => {
        await store.admit({ ...nothing, id: 'ended', budgets: [budget] });
        const verdict = await store.admit({ ...nothing, id: 'ended', budgets: [budget] });
        const [{ ticket } = { ticket: 0 }] = verdict.admitted ? verdict.budgets : [];
        for (const reserved of [40 + 30, 40]) {
          const spending = { key: budget.key, ticket, reserved, spent: 30 };
          await store.settle({ id: 'ended', streams: [], budgets: [spending], unused: null });
        }
        expect(await left()).toBe(70);
      });

      test('counts nothing in a window that the gateway does not know of', async () => {
        const short = { ...budget, window: 1200 };
        const verdict = await store.admit({ ...nothing, id: 'runs', budgets: [short] });
        const [{ ticket } = { ticket: 0 }] = verdict.admitted ? verdict.budgets : [];
        await Bun.sleep(1201);
        await store.admit({ ...nothing, id: 'runs', budgets: [budget] });
        const spending = { key: budget.key, ticket, reserved: 40, spent: 30 };
        await store.settle({ id: 'runs', streams: [], budgets: [spending], unused: null });
        expect(await left()).toBe(100);
      });

      test('takes nothing of an old window into a new one whose key is still there', async () => {
        const verdict = await store.admit({ ...nothing, id: 'old', budgets: [budget] });
        const [{ ticket } = { ticket: 0 }] = verdict.admitted ? verdict.budgets : [];
        await server.send('HSET', [`signway:${budget.key}`, 'e', '1']);
        await store.admit({ ...nothing, id: 'new', budgets: [budget] });
        const spending = { key: budget.key, ticket, reserved: 40, spent: 0 };
        await store.settle({ id: 'old', streams: [], budgets: [spending], unused: null });
        expect(await left()).toBe(60);
      });
    });

    test('that has become a replica is left for the one that its name leads to now', async () => {
      await using successor = await startRedisServer();
      let target = server;
      using name = Bun.listen<{ other?: Bun.Socket }>({
        hostname: '127.0.0.1',
        port: 0,
        socket: {
          async open(socket) {
            socket.pause();
            const { hostname, port } = new URL(target.url);
            const other = await Bun.connect({
              hostname,
              port: Number(port),
              socket: { data: (_, bytes) => void socket.write(bytes), close: () => void socket.end() },
            });
            socket.data = { other };
            socket.resume();
          },
          data: (socket, bytes) => void socket.data.other?.write(bytes),
          close: (socket) => void socket.data?.other?.end(),
        },
      });
      const store = createRedisStore({ url: `redis://127.0.0.1:${name.port}`, timeout: 10_000 });
      await store.admit(once('before-the-failover'));
      await server.send('REPLICAOF', ['127.0.0.1', '1']);
      target = successor;
      try {
        const error = await Promise.resolve(store.admit(once('while'))).catch((reason) => reason);
        expect(error).toBeInstanceOf(StoreUnavailable);
        expect(error).toMatchObject({ message: 'redis: the server is a replica', perhapsDone: false });
        await recovers(store);
      } finally {
        await server.send('REPLICAOF', ['NO', 'ONE']);
      }
      await store.close();
    });

    test('that evicts is known to', async () => {
      const store = createRedisStore({ url: server.url });
      const client = new Bun.RedisClient(server.url);
      expect(await store.forgets()).toBeNull();
      await client.send('CONFIG', ['SET', 'maxmemory-policy', 'allkeys-lru']);
      expect(await store.forgets()).toBe('allkeys-lru');
      await client.send('CONFIG', ['SET', 'maxmemory-policy', 'noeviction']);
      client.close();
      await store.close();
    });

    test('says nothing of its password', async () => {
      const store = createRedisStore({ url: 'redis://:canary-password@127.0.0.1:1' });
      const error = await Promise.resolve(store.admit(once('x'))).catch((reason) => reason);
      expect(error).toBeInstanceOf(StoreUnavailable);
      expect(Bun.inspect(error)).not.toContain('canary-password');
      await store.close();
    });
  });
}
