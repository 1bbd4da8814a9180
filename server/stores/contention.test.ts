import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RedisServer, redisProgram, startRedisServer } from '../testing/redisServer.ts';
import type { Admission } from './store.ts';

/** How often each contest is held. The large figure: `SIGNWAY_ROUNDS=100 bun test server/stores/contention`. */
const ROUNDS = Number(process.env.SIGNWAY_ROUNDS ?? 5);
const PROCESSES = 4;
const TIMES = 250;

/** Processes that open one store and ask for the same thing at the same time. */
async function startContenders(kind: 'sqlite' | 'redis', where: string) {
  const program = join(import.meta.dir, 'testing', 'contender.ts');
  const children = Array.from({ length: PROCESSES }, () =>
    Bun.spawn([process.execPath, program, kind, where], { stdin: 'pipe', stdout: 'pipe', stderr: 'inherit' }),
  );
  const answers = children.map(({ stdout }) => linesOf(stdout));
  const next = async () => Promise.all(answers.map(async (lines) => (await lines.next()).value));
  expect(await next()).toEqual(Array(PROCESSES).fill('ready'));
  return {
    /** How many of all the attempts were admitted. */
    async contest(admission: Partial<Admission>): Promise<number> {
      const whole = {
        id: 'x',
        revocable: [],
        windows: [],
        streams: [],
        budgets: [],
        use: null,
        ...admission,
      };
      for (const { stdin } of children) {
        stdin.write(`${JSON.stringify({ admission: whole, times: TIMES })}\n`);
        stdin.flush();
      }
      return (await next()).reduce((sum, count) => sum + Number(count), 0);
    },
    async stop() {
      for (const { stdin } of children) stdin.end();
      for (const { exited } of children) await exited;
    },
  };
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const bytes of stream) {
    text += decoder.decode(bytes, { stream: true });
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n')) {
      yield text.slice(0, end);
      text = text.slice(end + 1);
    }
  }
}

function describeContention(kind: 'sqlite' | 'redis', where: () => string): void {
  describe(`${PROCESSES} processes at one store in ${kind}`, () => {
    let contenders: Awaited<ReturnType<typeof startContenders>>;

    beforeAll(async () => {
      contenders = await startContenders(kind, where());
    }, 60_000);

    afterAll(() => contenders.stop());

    test(`${PROCESSES * TIMES} attempts at one nonce get one use, ${ROUNDS} times`, async () => {
      for (let round = 0; round < ROUNDS; round++) {
        const use = { key: `a/n/round-${round}`, uses: 1, keepFor: 600_000 };
        expect(await contenders.contest({ use })).toBe(1);
      }
    }, 600_000);

    test(`${PROCESSES * TIMES} attempts under a limit of 100 requests get 100, ${ROUNDS} times`, async () => {
      for (let round = 0; round < ROUNDS; round++) {
        const windows = [{ key: `a/r/round-${round}`, limit: 100, window: 600_000 }];
        expect(await contenders.contest({ windows })).toBe(100);
      }
    }, 600_000);

    test('a budget of 1,000 in reservations of 70 is reserved 14 times', async () => {
      const budgets = [{ key: 'a/t/app', limit: 1000, window: 600_000, reserve: 70 }];
      expect(await contenders.contest({ budgets })).toBe(14);
    }, 600_000);
  });
}

const folder = mkdtempSync(join(tmpdir(), 'signway-contention-'));
afterAll(() => rmSync(folder, { recursive: true }));
describeContention('sqlite', () => join(folder, 'store.db'));

if (redisProgram === null) {
  test.skip('processes at one store in redis: there is no redis-server here (apt install redis-server)', () => {});
} else {
  let server: RedisServer;

  beforeAll(async () => {
    server = await startRedisServer();
  }, 30_000);

  afterAll(() => server.stop());

  describeContention('redis', () => server.url);
}
