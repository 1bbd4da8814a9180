/**
 * What does a deployment of several machines cost a request: two gateways behind haproxy, on one Redis?
 *
 * Method: the haproxy.cfg of deploy/compose in front of two gateway processes, whose app limits each subject (one round
 * trip to Redis a request); wrk asks for 150 bytes of JSON over 64 kept-alive connections, rounds against one gateway
 * directly and against haproxy in turn. All of it shares one machine, so the figure is the CPU of each part for a
 * request; what a machine can do is its cores divided by that.
 *
 *   bun bench/deployment.ts [--rounds 5] [--seconds 3]
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { signUrl } from '../signing/index.ts';
import { wrk } from './load/wrk.ts';
import { freePort, startProcess } from './machine/startProcess.ts';
import { median } from './report/statistics.ts';
import { createSurroundings } from './systems/createSurroundings.ts';
import { SIGNWAY_COMMAND } from './systems/signwayOptions.ts';

const { values: options } = parseArgs({
  options: { rounds: { type: 'string', default: '5' }, seconds: { type: 'string', default: '3' } },
});
const SECRET = 'a-secret-of-this-bench'.repeat(2);

await using surroundings = await createSurroundings();
const { folder, upstreams } = surroundings;
const redisPort = freePort();
const redis = await startProcess(
  ['redis-server', '--port', String(redisPort), '--bind', '127.0.0.1', '--save', '', '--dir', folder],
  { port: redisPort, folder },
);
const ports = [freePort(), freePort()];
const gateways = await Promise.all(ports.map(startGateway));
const frontPort = freePort();
const front = await startHaproxy(frontPort);

const paths = { 'one gateway': ports[0]!, 'two behind haproxy': frontPort } as const;
for (const [name, port] of Object.entries(paths)) {
  const figures: number[][] = [];
  for (let round = 0; round <= Number(options.rounds); round++) {
    const before = parts().map((part) => part.tree.cpuSeconds());
    const load = await wrk(urlOf(port), { connections: 64, status: 200, seconds: Number(options.seconds) });
    const used = parts().map((part, i) => ((part.tree.cpuSeconds() - before[i]!) / load.requests) * 1e6);
    // The first round warms up.
    if (round > 0) figures.push([...used, load.requestsPerSecond, load.p50, load.p99]);
  }
  const names = ['gateway 1', 'gateway 2', 'Redis', 'haproxy', 'req/s', 'p50 ms', 'p99 ms'];
  const shown = names.map(
    (each, i) => `${each} ${median(figures.map((row) => row[i]!)).toFixed(i === 4 ? 0 : 1)}`,
  );
  process.stdout.write(`${name}: CPU µs/req: ${shown.join(', ')}\n`);
}
for (const part of parts()) await part.stop();

function parts() {
  return [...gateways, redis, front];
}

async function startGateway(port: number) {
  const path = join(folder, `${port}.json`);
  const config = {
    port,
    host: '127.0.0.1',
    exchangeLines: false,
    store: { redis: `redis://127.0.0.1:${redisPort}` },
    allowNetworks: ['127.0.0.0/8'],
    trustProxies: ['127.0.0.0/8'],
    apps: [
      {
        id: 'my-app',
        secrets: [SECRET],
        upstreams: [{ origin: upstreams.json, headers: { Authorization: 'Bearer sk-bench' } }],
        subjectLimits: { requests: { limit: 1e12, window: '1h' }, streams: 1e6 },
      },
    ],
  };
  await writeFile(path, JSON.stringify(config), { mode: 0o600 });
  return startProcess([...SIGNWAY_COMMAND, 'serve', '--config', path], { port, folder });
}

async function startHaproxy(port: number) {
  const config = (await readFile(join(import.meta.dirname, '../deploy/compose/haproxy.cfg'), 'utf8'))
    .replace('bind :3000', `bind 127.0.0.1:${port}`)
    .replace('maxconn 20000', 'maxconn 1000')
    .replace(/^resolvers[\s\S]*?\n\n/m, '')
    .replace(
      /^ +server-template.*$/m,
      ports.map((each, i) => `  server gateway${i} 127.0.0.1:${each}`).join('\n'),
    );
  const path = join(folder, 'haproxy.cfg');
  await writeFile(path, config);
  return startProcess(['haproxy', '-db', '-f', path], { port, folder });
}

function urlOf(port: number): string {
  return signUrl({
    id: 'my-app',
    secret: SECRET,
    host: `http://127.0.0.1:${port}`,
    proxyUrl: `${upstreams.json}/v1/chat`,
    expiry: 86_400,
    method: 'GET',
    subject: 'user:42',
  });
}
