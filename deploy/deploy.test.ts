import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startServe } from '../cli/testing/startServe.ts';
import { temporaryFolder } from '../cli/testing/temporaryFolder.ts';
import { compileConfig } from '../config/compileConfig.ts';
import { installed } from '../server/testing/installed.ts';
import { RawClient, rawRequest } from '../server/testing/rawClient.ts';
import { type RedisServer, redisProgram, startRedisServer } from '../server/testing/redisServer.ts';
import { signUrl } from '../signing/index.ts';

const COMPOSE = join(import.meta.dir, 'compose');
const KUBERNETES = join(import.meta.dir, 'kubernetes');
const yaml = (path: string) => Bun.YAML.parse(readFileSync(path, 'utf8')) as Yaml;

// biome-ignore lint/suspicious/noExplicitAny: what a file holds is what the tests ask
type Yaml = Record<string, any>;

const haproxy = installed('haproxy');
const kubectl = installed('kubectl') ?? installed('kustomize');

describe.each([
  ['compose', join(COMPOSE, 'signway.config.json'), '/run/secrets/'],
  ['kubernetes', join(KUBERNETES, 'signway.config.json'), '/run/secrets/signway/'],
])('the configuration for %s', (_, path, secrets) => {
  test('can be used where its secrets are', () => {
    using folder = temporaryFolder();
    const root = join(folder.write('sw_secret', 's'.repeat(32)), '../');
    folder.write('openai_api_key', 'sk-key');
    const text = readFileSync(path, 'utf8').replaceAll(secrets, root);
    const env = { REDIS_URL: 'redis://redis:6379' };
    const { config, problems } = compileConfig(JSON.parse(text), { env, folder: '/' });
    expect(problems).toEqual([]);
    expect(config).toMatchObject({ port: 3000, drain: 300_000, store: { kind: 'redis' } });
  });
});

describe('compose.yaml', () => {
  const { services, secrets } = yaml(join(COMPOSE, 'compose.yaml'));

  test('gives the gateways what their configuration names, and time to drain', () => {
    const { signway, redis, haproxy: front } = services;
    expect(signway.environment.REDIS_URL).toBe('redis://redis:6379');
    expect(Object.keys(secrets)).toEqual(signway.secrets);
    expect(signway.command).toContain(signway.volumes[0].split(':')[1]);
    expect(Number.parseInt(signway.stop_grace_period, 10)).toBeGreaterThan(300);
    expect(Number.parseInt(front.stop_grace_period, 10)).toBeGreaterThan(300);
    expect(redis.command).toContain('--maxmemory-policy noeviction');
    expect(signway).toMatchObject({ read_only: true, cap_drop: ['ALL'] });
  });
});

describe('the manifests for Kubernetes', () => {
  test.skipIf(kubectl === null)('are put together by kustomize, and fit each other', () => {
    const command = kubectl!.endsWith('kustomize') ? [kubectl!, 'build'] : [kubectl!, 'kustomize'];
    const built = Bun.spawnSync([...command, KUBERNETES]);
    expect(built.stderr.toString()).toBe('');
    const all = Bun.YAML.parse(built.stdout.toString()) as Yaml[];
    const of = (kind: string) => all.find((each) => each.kind === kind)!;
    expect(all.map(({ kind }) => kind).sort()).toEqual([
      'ConfigMap',
      'Deployment',
      'Namespace',
      'PodDisruptionBudget',
      'Service',
    ]);
    const { template, selector } = of('Deployment').spec;
    const { spec, metadata } = template;
    const [container] = spec.containers;
    expect(metadata.labels).toMatchObject(selector.matchLabels);
    expect(of('Service').spec.selector).toEqual(selector.matchLabels);
    expect(of('PodDisruptionBudget').spec.selector).toEqual(selector);
    expect(of('Service').spec.ports[0].targetPort).toBe(container.ports[0].name);
    expect(container.args.at(-1)).toBe(`${container.volumeMounts[0].mountPath}/signway.config.json`);
    expect(Object.keys(of('ConfigMap').data)).toEqual(['signway.config.json']);
    const drain = 300;
    const before = container.lifecycle.preStop.sleep.seconds;
    expect(spec.terminationGracePeriodSeconds).toBeGreaterThan(drain + before);
    expect([container.readinessProbe.httpGet.path, container.livenessProbe.httpGet.path]).toEqual([
      '/readyz',
      '/healthz',
    ]);
  });
});

const missing = haproxy === null ? 'haproxy' : redisProgram === null ? 'redis-server' : null;
if (missing !== null) {
  test.skip(`two gateways behind haproxy on one Redis: there is no ${missing} here (apt install ${missing})`, () => {});
} else {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await startRedisServer();
  }, 30_000);
  afterAll(() => redis.stop());

  test('two gateways behind haproxy on one Redis use a nonce once, and one leaves without losing a stream', async () => {
    using folder = temporaryFolder();
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    let calls = 0;
    const upstream = Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      idleTimeout: 0,
      async fetch(request) {
        calls++;
        if (new URL(request.url).pathname !== '/stream') return new Response('hi');
        async function* events() {
          yield 'data: one\n\n';
          await released;
          yield 'data: two\n\n';
        }
        return new Response(events() as unknown as BodyInit, {
          headers: { 'content-type': 'text/event-stream' },
        });
      },
    });
    const secret = 's'.repeat(32);
    const path = folder.write(
      'signway.config.json',
      JSON.stringify({
        allowNetworks: ['127.0.0.0/8'],
        trustProxies: ['127.0.0.0/8'],
        drain: '20s',
        store: { redis: redis.url, timeout: '10s' },
        apps: [{ id: 'my-app', secrets: [secret], upstreams: [{ origin: upstream.url.origin }] }],
      }),
    );
    const gateways = await Promise.all([1, 2].map(() => startServe(['serve', '--config', path])));
    const port = await freePort();
    const config = readFileSync(join(COMPOSE, 'haproxy.cfg'), 'utf8')
      .replace('bind :3000', `bind 127.0.0.1:${port}`)
      // Two descriptors for each: not every machine lets a process have as many as a server's.
      .replace('maxconn 20000', 'maxconn 400')
      .replace(/^resolvers[\s\S]*?\n\n/m, '')
      .replace(
        /^ +server-template.*$/m,
        gateways.map(({ url }, i) => `  server gateway${i} ${new URL(url).host}`).join('\n'),
      );
    const proxy = Bun.spawn([haproxy!, '-db', '-f', folder.write('haproxy.cfg', config)], {
      stdout: 'ignore',
      stderr: 'ignore',
    });
    try {
      const host = `http://127.0.0.1:${port}`;
      const sign = (target: string, nonce?: string) =>
        signUrl({
          id: 'my-app',
          secret,
          host,
          proxyUrl: upstream.url.origin + target,
          expiry: 60,
          method: 'GET',
          ...(nonce === undefined ? {} : { nonce }),
        });
      while ((await fetch(sign('/')).catch(() => null))?.status !== 200) await Bun.sleep(50);
      calls = 0;
      const url = sign('/', 'behind-haproxy');
      const answers = await Promise.all(Array.from({ length: 200 }, () => fetch(url)));
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
      expect(calls).toBe(1);

      const clients = await Promise.all(
        Array.from({ length: 20 }, async () => {
          const client = new RawClient(port);
          client.send(rawRequest(sign('/stream')));
          await client.receive(/data: one/);
          return client;
        }),
      );
      gateways[0]!.kill('SIGTERM');
      await gateways[0]!.stderr(/SIGTERM/);
      // Until haproxy has seen it leave, it may hand it a request, which the gateway refuses before anything is sent.
      for (let i = 0; i < 50; i++) {
        const { status } = await fetch(sign('/'));
        expect([200, 503]).toContain(status);
        await Bun.sleep(20);
      }
      while ((await fetch(sign('/'))).status !== 200) await Bun.sleep(50);
      for (let i = 0; i < 20; i++) expect((await fetch(sign('/'))).status).toBe(200);
      release();
      for (const client of clients)
        expect(await client.receive(/data: two[\s\S]*\r\n0\r\n\r\n/)).toMatch(/0\r\n\r\n$/);
      expect(await gateways[0]!.exited).toBe(0);
      for (const client of clients) client[Symbol.dispose]();
    } finally {
      proxy.kill('SIGKILL');
      await proxy.exited;
      await Promise.all(gateways.map((gateway) => gateway[Symbol.asyncDispose]()));
      await upstream.stop(true);
    }
  }, 60_000);
}

async function freePort(): Promise<number> {
  const server = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } });
  const { port } = server;
  server.stop(true);
  return port;
}
