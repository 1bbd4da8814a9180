import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { descriptorLimit } from '../bench/machine/descriptorLimit.ts';
import { RawClient, rawRequest } from '../server/testing/rawClient.ts';
import { type RedisServer, redisProgram, startRedisServer } from '../server/testing/redisServer.ts';
import { signUrl } from '../signing/index.ts';
import { type RunningServe, startServe } from './testing/startServe.ts';
import { type TemporaryFolder, temporaryFolder } from './testing/temporaryFolder.ts';

/** How often each proof is made. The large figure: `SIGNWAY_ROUNDS=100 bun test cli/sharedStore`. */
const ROUNDS = Number(process.env.SIGNWAY_ROUNDS ?? 3);
/** How many requests are sent at the same time: a socket each, where a process may have so many. */
const STORM = descriptorLimit() >= 2500 ? 1000 : 400;
const APP = { id: 'app', secret: 'a-secret-of-this-test'.repeat(2) };

/** Gateways of their own processes, on one store. */
interface Deployment extends AsyncDisposable {
  readonly gateways: readonly RunningServe[];
  /** Requests that reached the upstream. */
  readonly calls: number;
  /** Sends one signed request `times` at once, spread over the gateways, and gives the answers' status and code. */
  storm(options: { nonce?: string; subject?: string; times: number }): Promise<string[]>;
}

async function deploy(
  gateways: number,
  { store, app = {}, workers = 1 }: { store: object; app?: object; workers?: number },
): Promise<Deployment> {
  let calls = 0;
  const upstream = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch() {
      calls++;
      return new Response('hi');
    },
  });
  const origin = `http://127.0.0.1:${upstream.port}`;
  const folder: TemporaryFolder = temporaryFolder();
  const path = folder.write(
    'signway.config.json',
    JSON.stringify({
      allowNetworks: ['127.0.0.0/8'],
      store,
      apps: [{ id: APP.id, secrets: [APP.secret], upstreams: [{ origin }], ...app }],
    }),
  );
  const running = await Promise.all(
    Array.from({ length: gateways }, () =>
      startServe([
        'serve',
        '--config',
        path,
        '--no-bytes-monitor',
        ...(workers === 1 ? [] : ['--workers', String(workers)]),
      ]),
    ),
  );
  return {
    gateways: running,
    get calls() {
      return calls;
    },
    storm: ({ times, ...options }) =>
      Promise.all(
        Array.from({ length: times }, async (_, i) => {
          const { url: host } = running[i % gateways]!;
          const url = signUrl({
            ...APP,
            ...options,
            host,
            proxyUrl: `${origin}/`,
            expiry: 600,
            method: 'GET',
          });
          using client = new RawClient(Number(new URL(host).port));
          client.send(rawRequest(url, { headers: { Connection: 'close' } }));
          const answer = await client.finished();
          const code = /X-Sw-Error: (\w+)/i.exec(answer)?.[1];
          return code ?? answer.slice('HTTP/1.1 '.length, 'HTTP/1.1 200'.length);
        }),
      ),
    async [Symbol.asyncDispose]() {
      await Promise.all(running.map((gateway) => gateway[Symbol.asyncDispose]()));
      await upstream.stop(true);
      folder[Symbol.dispose]();
    },
  };
}

function tally(answers: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const answer of answers) counts[answer] = (counts[answer] ?? 0) + 1;
  return counts;
}

function describeSharing(name: string, store: () => object): void {
  describe(`gateways that share a store in ${name}`, () => {
    test(`answer a URL for one use once, of ${STORM} at once to four of them, ${ROUNDS} times`, async () => {
      await using deployment = await deploy(4, { store: store() });
      for (let round = 1; round <= ROUNDS; round++) {
        const answers = await deployment.storm({ nonce: `${name}-${round}`, times: STORM });
        expect(tally(answers)).toEqual({ '200': 1, already_used: STORM - 1 });
        expect(deployment.calls).toBe(round);
      }
    }, 600_000);

    test(`answer it once as four workers of one gateway, ${ROUNDS} times`, async () => {
      await using deployment = await deploy(1, { store: store(), workers: 4 });
      for (let round = 1; round <= ROUNDS; round++) {
        const answers = await deployment.storm({ nonce: `${name}-workers-${round}`, times: STORM });
        expect(tally(answers)).toEqual({ '200': 1, already_used: STORM - 1 });
      }
    }, 600_000);

    test(`let a subject make its requests and not one more, of ${2 * STORM} to two of them`, async () => {
      const window = 5;
      const app = { subjectLimits: { requests: { limit: 50, window } } };
      await using deployment = await deploy(2, { store: store(), app });
      const answers: string[] = [];
      const began = performance.now();
      for (const times of [STORM, STORM]) answers.push(...(await deployment.storm({ subject: name, times })));
      // A machine that takes longer than the window for them has begun another.
      const windows = Math.ceil((performance.now() - began) / (window * 1000));
      const passed = answers.filter((answer) => answer === '200').length;
      expect(passed).toBeGreaterThanOrEqual(50);
      expect(passed).toBeLessThanOrEqual(50 * windows);
      expect(new Set(answers)).toEqual(new Set(['200', 'rate_limited']));
      expect(deployment.calls).toBe(passed);
      for (;;) {
        const [answer] = await deployment.storm({ subject: name, times: 1 });
        if (answer === '200') break;
        await Bun.sleep(100);
      }
    }, 120_000);
  });
}

describeSharing('SQLite', () => ({ sqlite: 'store.db' }));

if (redisProgram === null) {
  test.skip('gateways that share a store in Redis: there is no redis-server here (apt install redis-server)', () => {});
} else {
  let redis: RedisServer;

  beforeAll(async () => {
    redis = await startRedisServer();
  }, 30_000);

  afterAll(() => redis.stop());

  describeSharing('Redis', () => ({ redis: redis.url, timeout: '10s' }));

  test('a Redis that stops in the middle of load fails nonces and limits closed, lets others pass, and recovers', async () => {
    const apps = { limits: { requests: { limit: 1_000_000, window: '1h' } } };
    await using closed = await deploy(1, { store: { redis: redis.url }, app: apps });
    await using open = await deploy(1, {
      store: { redis: redis.url },
      app: { ...apps, whenStoreIsAway: 'allow' },
    });
    let nonces = 0;
    const ask = async () => {
      const nonce = `load-${nonces++}`;
      const [limited, once, passing, passingOnce] = await Promise.all([
        closed.storm({ times: 5 }),
        closed.storm({ nonce, times: 5 }),
        open.storm({ times: 5 }),
        open.storm({ nonce: `open-${nonce}`, times: 5 }),
      ]);
      return {
        limited: tally(limited),
        once: tally(once),
        passing: tally(passing),
        passingOnce: tally(passingOnce),
      };
    };
    const whole = {
      limited: { '200': 5 },
      once: { '200': 1, already_used: 4 },
      passing: { '200': 5 },
      passingOnce: { '200': 1, already_used: 4 },
    };
    for (let round = 0; round < 5; round++) expect(await ask()).toEqual(whole);

    await redis.kill();
    for (let round = 0; round < 5; round++) {
      expect(await ask()).toEqual({
        limited: { store_unavailable: 5 },
        once: { store_unavailable: 5 },
        passing: { '200': 5 },
        passingOnce: { store_unavailable: 5 },
      });
    }

    await redis.start();
    for (let answers = await ask(); !Bun.deepEquals(answers, whole); answers = await ask())
      await Bun.sleep(50);
    for (let round = 0; round < 5; round++) expect(await ask()).toEqual(whole);
  }, 120_000);
}
