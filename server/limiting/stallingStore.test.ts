import { expect, setDefaultTimeout, test } from 'bun:test';
import { createRedisStore } from '../stores/redisStore.ts';
import { APP, startGateway } from '../testing/gateway.ts';
import { RawClient, rawRequest } from '../testing/rawClient.ts';
import { redisProgram, startRedisServer } from '../testing/redisServer.ts';
import { startUpstream } from '../testing/scriptedUpstream.ts';

// Machines are slow and loaded, and nothing here is about time.
setDefaultTimeout(120_000);

const HEAD =
  'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n';
const chunk = (text: string) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
const HOUR = 3_600_000;
const CLIENTS = 20;
/** The large figure: `SIGNWAY_ROUNDS=50 bun test server/limiting/stallingStore`. */
const STALLS = Number(process.env.SIGNWAY_ROUNDS ?? 6);

test.skipIf(redisProgram === null)(
  'a Redis that stalls under load is left with what was spent, to the byte and the token',
  async () => {
    await using redis = await startRedisServer();
    const stores = [150, 150].map((timeout) => createRedisStore({ url: redis.url, timeout }));
    // Each answer is several pieces, so that each reserves several times.
    await using upstream = await startUpstream(async (connection) => {
      connection.send(HEAD);
      for (let piece = 0; piece < 4; piece++) {
        connection.send(chunk(`data: ${'x'.repeat(200)}\n\n`));
        await Bun.sleep(Math.random() * 20);
      }
      connection.send(`${chunk('data: {"usage":{"total_tokens":11}}\n\n')}0\r\n\r\n`);
    });
    const window = HOUR;
    const limits = {
      streams: 1000,
      bytes: { limit: 1e12, window, reserve: 300 },
      tokens: { limit: 1e12, window, reserve: 500 },
    };
    const app = { id: APP.id, secrets: [APP.secret], upstreams: [{ origin: '*', headers: [] }], limits };
    const gateways = stores.map((store) => startGateway({ store, apps: [app] }));

    let stalling = true;
    const load = Array.from({ length: CLIENTS }, async (_, i) => {
      const gateway = gateways[i % 2]!;
      while (stalling) {
        using client = new RawClient(gateway);
        client.send(rawRequest(gateway.sign(upstream.origin), { headers: { Connection: 'close' } }));
        // Some leave in the middle.
        if (Math.random() < 0.3) await client.receive(/data: x|store_unavailable/);
        else await client.finished();
      }
    });
    for (let stall = 0; stall < STALLS; stall++) {
      await Bun.sleep(100);
      redis.pause();
      await Bun.sleep(250);
      redis.resume();
    }
    stalling = false;
    await Promise.all(load);
    for (const { gauges } of gateways) while (gauges.requests > 0) await Bun.sleep(10);

    const client = new Bun.RedisClient(redis.url);
    const kept = async (kind: string) =>
      (await client.send('HGETALL', [`signway:${APP.id}/${kind}/${window}/app`])) as Record<string, string>;
    const counts = async () => ({
      bytes: await kept('b'),
      tokens: await kept('t'),
      streams: await client.send('ZCARD', [`signway:${APP.id}/s/app`]),
    });
    // What nobody has heard of is settled again, until all of it is.
    const isSettled = ({ bytes, tokens, streams }: Awaited<ReturnType<typeof counts>>) =>
      streams === 0 && Object.keys({ ...bytes, ...tokens }).length === 2;
    let left = await counts();
    while (!isSettled(left)) {
      await Bun.sleep(50);
      left = await counts();
    }
    client.close();
    for (const gateway of gateways) await gateway[Symbol.asyncDispose]();
    for (const store of stores) await store.close();

    const records = gateways
      .flatMap((gateway) => gateway.records)
      .filter(({ ending }) => ending !== 'refused');
    const sum = (of: (record: (typeof records)[number]) => number) =>
      records.reduce((all, record) => all + of(record), 0);
    expect(records.length).toBeGreaterThan(0);
    expect(Number(left.bytes.n)).toBe(sum(({ bytesOut }) => bytesOut));
    expect(Number(left.tokens.n)).toBe(sum(({ tokens }) => tokens ?? 0));
  },
);
