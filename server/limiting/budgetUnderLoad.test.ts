import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMemoryStore } from '../stores/memoryStore.ts';
import { createRedisStore } from '../stores/redisStore.ts';
import { createSqliteStore } from '../stores/sqliteStore.ts';
import type { Store } from '../stores/store.ts';
import { APP, startGateway } from '../testing/gateway.ts';
import { RawClient, rawRequest } from '../testing/rawClient.ts';
import { type RedisServer, redisProgram, startRedisServer } from '../testing/redisServer.ts';
import { startUpstream } from '../testing/scriptedUpstream.ts';

const STREAMS = 50;
const LIMIT = 10_000;
const HEAD =
  'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n';
const chunk = (text: string) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
const usage = (tokens: number) => chunk(`data: {"usage":{"total_tokens":${tokens}}}\n\n`);

/** Sees every change of the budget's sum on its way to a store. */
function watched(store: Store) {
  const seen = { sum: 0, most: 0 };
  const admit: Store['admit'] = async (admission) => {
    const verdict = await store.admit(admission);
    if (verdict.admitted) {
      for (const { limit, reserve } of admission.budgets) {
        const [reservation] = verdict.budgets;
        seen.sum = limit - reservation!.remaining;
        seen.most = Math.max(seen.most, seen.sum);
        expect(reserve).toBeGreaterThan(0);
      }
    }
    return verdict;
  };
  return { store: { ...store, admit }, seen };
}

function describeBudget(name: string, open: () => Store): void {
  test(`in ${name}: ${STREAMS} parallel streams never pass a token budget, and what they leave comes back`, async () => {
    const { store, seen } = watched(open());
    // Each request ends in one of the ways a request can end, by its number.
    await using upstream = await startUpstream((connection, head) => {
      const number = Number(/\/(\d+) /.exec(head)![1]);
      const spent = 10 + (number % 7);
      switch (number % 5) {
        case 0:
          return connection.send(`${HEAD}${usage(spent)}0\r\n\r\n`);
        case 1:
          connection.send(`${HEAD}${usage(spent)}`);
          return void connection.socket.end();
        case 2:
          return void connection.socket.destroy();
        case 3:
          return connection.send(`${HEAD}${usage(spent)}`);
        default: {
          const body = `{"usage":{"total_tokens":${spent}}}`;
          const json = 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: application/json\r\n';
          return connection.send(`${json}Content-Length: ${body.length}\r\n\r\n${body}`);
        }
      }
    });
    await using gateway = startGateway({
      store,
      apps: [
        {
          id: APP.id,
          secrets: [APP.secret],
          upstreams: [{ origin: '*', headers: [] }],
          limits: { tokens: { limit: LIMIT, window: 600_000, reserve: 500 } },
        },
      ],
    });
    const ask = async (number: number) => {
      const body = `{"max_tokens":${200 + (number % 9) * 100}}`;
      const headers = { 'Content-Type': 'application/json', 'Content-Length': String(body.length) };
      const url = gateway.sign(`${upstream.origin}/${number}`, { method: 'POST' });
      using client = new RawClient(gateway);
      client.send(rawRequest(url, { method: 'POST', headers: { ...headers, Connection: 'close' }, body }));
      // Some clients leave in the middle.
      if (number % 5 === 3) await client.receive(/total_tokens|budget_exhausted/);
      else await client.finished();
    };
    const requests = STREAMS * 4;
    let next = 0;
    await Promise.all(
      Array.from({ length: STREAMS }, async () => {
        while (next < requests) await ask(next++);
      }),
    );
    while (gateway.records.length < requests) await Bun.sleep(5);

    expect(seen.most).toBeLessThanOrEqual(LIMIT);
    // It was tight, or nothing would have been shown.
    expect(gateway.records.some(({ code }) => code === 'budget_exhausted')).toBe(true);
    const endings = new Set(gateway.records.map(({ ending }) => ending));
    for (const ending of ['complete', 'broken', 'client_gone', 'refused'] as const)
      expect(endings).toContain(ending);

    const spent = gateway.records.reduce((sum, { tokens }) => sum + (tokens ?? 0), 0);
    expect(spent).toBeGreaterThan(0);
    let left = Number.NaN;
    // Settlements are on their way when a record is written.
    for (let tries = 0; left !== LIMIT - spent - 500 && tries < 200; tries++) {
      const probe = await fetch(gateway.sign(`${upstream.origin}/4`, { method: 'POST' }), { method: 'POST' });
      left = Number(/r=(\d+)/.exec(probe.headers.get('ratelimit') ?? '')?.[1]);
      await probe.text();
      const probes = gateway.records.slice(requests).reduce((sum, { tokens }) => sum + (tokens ?? 0), 0);
      left += probes - (gateway.records.at(-1)?.tokens ?? 0);
      await Bun.sleep(10);
    }
    expect(left).toBe(LIMIT - spent - 500);
  }, 60_000);
}

describe('a token budget under load', () => {
  const folder = mkdtempSync(join(tmpdir(), 'signway-budget-'));
  const opened: Store[] = [];
  const kept = (store: Store) => {
    opened.push(store);
    return store;
  };
  afterAll(async () => {
    for (const store of opened) await store.close();
    rmSync(folder, { recursive: true });
  });

  describeBudget('memory', () => createMemoryStore());
  describeBudget('SQLite', () => kept(createSqliteStore({ path: join(folder, 'store.db') })));

  if (redisProgram === null) {
    test.skip('in Redis: there is no redis-server here (apt install redis-server)', () => {});
  } else {
    let redis: RedisServer;
    beforeAll(async () => {
      redis = await startRedisServer();
    }, 30_000);
    afterAll(() => redis.stop());
    describeBudget('Redis', () => kept(createRedisStore({ url: redis.url, timeout: 10_000 })));
  }
});
