import { join } from 'node:path';
import { type Demo, startProcesses } from '../demo/startProcesses.ts';
import { startUpstream, type Upstream } from '../demo/upstream.ts';

export interface TestedDemo extends Demo {
  /** The stand-in's own record of what it received. */
  log: Upstream['log'];
  /** The key that must not reach the browser. */
  key: string;
  gate: Gate;
}

/** Decides how far the upstream writes, so that a test looks at a stream while it is held. */
export interface Gate {
  /** Answers stop after that many events, until `open`. */
  holdAfter(events: number): void;
  open(): void;
}

/**
 * The demo as its users get it: the built page, the backend's process and Signway's. Only the stand-in
 * upstream runs in the test's own process, a real server still, so that a test can hold its answers and
 * await its events.
 */
export async function startDemo(environment: Environment): Promise<TestedDemo> {
  await buildPage();
  const key = `sk-demo-${crypto.randomUUID()}`;
  const { gate, pace } = createGate();
  const upstream = startUpstream({ key, pace });
  const demo = await startProcesses({ port: 0, environment, upstream: { origin: upstream.origin, key } });
  return {
    ...demo,
    log: upstream.log,
    key,
    gate,
    async stop() {
      gate.open();
      await demo.stop();
      await upstream.stop();
    },
  };
}

type Environment = Readonly<Record<string, string | undefined>>;

async function buildPage(): Promise<void> {
  const root = join(import.meta.dirname, '..');
  const vite = join(root, 'node_modules/vite/bin/vite.js');
  const building = Bun.spawn([process.execPath, vite, 'build', '--config', 'demo/vite.config.ts'], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if ((await building.exited) !== 0) throw new Error('the page could not be built');
}

function createGate(): { gate: Gate; pace(written: number): Promise<void> } {
  let limit = Number.POSITIVE_INFINITY;
  let opened = Promise.withResolvers<void>();
  const gate: Gate = {
    holdAfter(events) {
      limit = events;
      opened = Promise.withResolvers();
    },
    open() {
      limit = Number.POSITIVE_INFINITY;
      opened.resolve();
    },
  };
  return { gate, pace: (written) => (written < limit ? Promise.resolve() : opened.promise) };
}
