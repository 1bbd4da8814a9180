import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
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
