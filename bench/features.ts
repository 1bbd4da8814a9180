/**
 * What does each feature of an app cost a request, beside a plain one?
 *
 * Method: one gateway process for each variant, all running at once, one upstream; wrk asks for 150 bytes of JSON
 * over 64 kept-alive connections of one variant after the other within each round, so that a busy moment of the
 * machine meets them all. The figure is CPU of the gateway's process for a request; medians of the rounds, as ratios
 * to the plain one. CPU of redis-server is its own column. Nonces are good for 2³¹−1 uses, so that one URL can be asked for.
 *
 *   bun bench/features.ts [--rounds 5] [--seconds 3]
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { SignwayConfig } from '../config/configSchema.ts';
import { type SignUrlOptions, signUrl } from '../signing/index.ts';
import { wrk } from './load/wrk.ts';
import { freePort, type RunningProcess, startProcess } from './machine/startProcess.ts';
import { median } from './report/statistics.ts';
import { createSurroundings } from './systems/createSurroundings.ts';
import { SIGNWAY_COMMAND } from './systems/signwayOptions.ts';

const { values: options } = parseArgs({
  options: { rounds: { type: 'string', default: '5' }, seconds: { type: 'string', default: '3' } },
});

interface Variant {
  readonly name: string;
  readonly store?: NonNullable<SignwayConfig['store']>;
  readonly app?: Partial<SignwayConfig['apps'][number]>;
  readonly url?: Partial<SignUrlOptions>;
  readonly apps?: number;
}

const SECRET = 'a-secret-of-this-bench'.repeat(2);

await using surroundings = await createSurroundings();
const { folder, upstreams } = surroundings;
const redisPort = freePort();
const redis = Bun.which('redis-server') === null ? null : await startRedis(redisPort);
const stores = {
  memory: 'memory',
  SQLite: { sqlite: join(folder, 'features.db') },
  ...(redis === null ? {} : { Redis: { redis: `redis://127.0.0.1:${redisPort}` } }),
} as const satisfies Record<string, SignwayConfig['store']>;

const once = { nonce: 'bench', uses: 2 ** 31 - 1 };
const limits = { requests: { limit: 1e12, window: '1h' }, streams: 1e6 };
const variants: Variant[] = [
  { name: 'plain' },
  { name: 'plain, of 10,000 apps', apps: 10_000 },
  { name: 'methods', url: { methods: ['GET', 'POST'] } },
  ...Object.entries(stores).flatMap(([name, store]): Variant[] => [
    { name: `nonce, ${name}`, store, url: once },
    {
      name: `subject with limits, ${name}`,
      store,
      url: { subject: 'user:42' },
      app: { limits, subjectLimits: limits },
    },
    {
      name: `tokens, ${name}`,
      store,
      app: { limits: { tokens: { limit: 1e15, window: '1h', reserve: 100 } } },
    },
  ]),
];

const running = await Promise.all(variants.map(start));
const figures = new Map<string, { cpu: number[]; store: number[]; rate: number[] }>();
for (let round = 0; round <= Number(options.rounds); round++) {
  for (const { variant, gateway, url } of running) {
    const before = { gateway: gateway.tree.cpuSeconds(), redis: redis?.tree.cpuSeconds() ?? 0 };
    const load = await wrk(url, { connections: 64, status: 200, seconds: Number(options.seconds) });
    // The first round warms up.
    if (round === 0) continue;
    const found = figures.get(variant.name) ?? { cpu: [], store: [], rate: [] };
    found.cpu.push(((gateway.tree.cpuSeconds() - before.gateway) / load.requests) * 1e6);
    found.store.push((((redis?.tree.cpuSeconds() ?? 0) - before.redis) / load.requests) * 1e6);
    found.rate.push(load.requestsPerSecond);
    figures.set(variant.name, found);
  }
}
const plain = median(figures.get('plain')!.cpu);
for (const [name, { cpu, store, rate }] of figures) {
  const cells = [
    (median(cpu) / plain).toFixed(2),
    median(cpu).toFixed(1),
    median(store).toFixed(1),
    median(rate).toFixed(0),
  ];
  process.stdout.write(`${name.padEnd(32)}${cells.map((cell) => cell.padStart(12)).join('')}\n`);
}
process.stdout.write(
  `${''.padEnd(32)}${['ratio', 'CPU µs/req', 'Redis µs', 'req/s'].map((cell) => cell.padStart(12)).join('')}\n`,
);
for (const { gateway } of running) await gateway.stop();
await redis?.stop();

async function start(variant: Variant) {
  const { name, store = 'memory', app = {}, apps = 1, url = {} } = variant;
  const port = freePort();
  const config: SignwayConfig = {
    port,
    host: '127.0.0.1',
    store,
    exchangeLines: false,
    allowNetworks: ['127.0.0.0/8'],
    apps: Array.from({ length: apps }, (_, i) => ({
      id: `app-${i}`,
      secrets: [SECRET],
      upstreams: [{ origin: upstreams.json, headers: { Authorization: 'Bearer sk-bench' } }],
      ...app,
    })),
  };
  const path = join(folder, `${port}.json`);
  await writeFile(path, JSON.stringify(config), { mode: 0o600 });
  const gateway: RunningProcess = await startProcess([...SIGNWAY_COMMAND, 'serve', '--config', path], {
    port,
    folder,
  });
  const signed = signUrl({
    id: `app-${apps - 1}`,
    secret: SECRET,
    host: `http://127.0.0.1:${port}`,
    proxyUrl: `${upstreams.json}/v1/chat`,
    expiry: 86_400,
    method: 'GET',
    // Each gateway has a count of its own, though some share a store.
    ...url,
    ...(url.nonce === undefined ? {} : { nonce: `${url.nonce}-${port}` }),
  });
  return { variant: { ...variant, name }, gateway, url: signed };
}

async function startRedis(port: number) {
  const command = [
    'redis-server',
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--save',
    '',
    '--dir',
    folder,
  ];
  return startProcess(command, { port, folder });
}
