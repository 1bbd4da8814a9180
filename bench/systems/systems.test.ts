import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { openLoop } from '../load/openLoop.ts';
import { openStreams } from '../load/openStreams.ts';
import { transferBodies } from '../load/transferBodies.ts';
import { SMALL_JSON } from '../upstreams/startUpstreams.ts';
import { allSystems } from './allSystems.ts';
import { createSurroundings } from './createSurroundings.ts';
import type { RunningSystem, Surroundings } from './system.ts';

const BINARIES: Record<string, string> = { haproxy: 'haproxy', caddy: 'caddy', fastify: 'node' };
const NAMES = [
  ...['direct', 'nginx', 'haproxy', 'signway', 'signway-bare', 'signway-library'],
  ...['caddy', 'fastify', 'bun-fetch'],
];
setDefaultTimeout(60_000);

// The upstreams of the bench are nginx too. `bun run bench` installs it; a test run does not.
describe.skipIf(Bun.which('nginx') === null || Bun.which('openssl') === null)('every system', () => {
  let surroundings: Surroundings & AsyncDisposable;

  beforeAll(async () => {
    surroundings = await createSurroundings();
  });
  afterAll(() => surroundings?.[Symbol.asyncDispose]());

  test('the list of systems is whole', () => {
    expect(allSystems(surroundings).map(({ name }) => name)).toEqual(NAMES);
  });

  for (const name of NAMES) {
    describe.skipIf(name in BINARIES && Bun.which(BINARIES[name]!) === null)(name, () => {
      let running: RunningSystem;

      beforeAll(async () => {
        const system = allSystems(surroundings).find((each) => each.name === name)!;
        running = await system.start({ workers: 1, tls: false, apps: 1 });
      });
      afterAll(() => running?.stop());

      test('passes a small answer on, byte for byte', async () => {
        const { latencies } = await openLoop(running.url('json', '/v1/chat'), {
          rate: 100,
          seconds: 0.1,
          connections: 2,
          expected: SMALL_JSON,
        });
        expect(latencies).toHaveLength(10);
      });

      // The library as it is measured trusts the system's authorities alone, and no case calls TLS with it.
      test.skipIf(name === 'direct' || name === 'signway-library')('calls an upstream by TLS', async () => {
        const answer = await fetch(running.url('tls', '/v1/chat'));
        expect(await answer.text()).toBe(SMALL_JSON);
      });

      test('passes bodies of a megabyte on, both ways', async () => {
        const size = 1_000_000;
        const options = { size, connections: 2, seconds: 0 };
        const down = running.url('stream', `/bytes/${size}`);
        const up = running.url('stream', '/upload', { method: 'POST' });
        expect((await transferBodies(down, { ...options, direction: 'download' })).bytes).toBe(2 * size);
        expect((await transferBodies(up, { ...options, direction: 'upload' })).bytes).toBe(2 * size);
      });

      test('passes events on as they come', async () => {
        const streams = await openStreams(running.url('stream', '/events?rate=20'), 3);
        try {
          expect((await streams.observe(1)).events).toBeGreaterThan(0);
        } finally {
          streams.close();
        }
      });

      test.skipIf(name === 'direct')(
        'refuses what it is to refuse, and says whose processes it is',
        async () => {
          const answer = await fetch(running.refused!.url);
          expect(answer.status).toBe(running.refused!.status);
          expect(running.tree!.privateBytes()).toBeGreaterThan(100_000);
        },
      );
    });
  }
});
