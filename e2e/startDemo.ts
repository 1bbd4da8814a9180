import { join } from 'node:path';
import { type Demo, startProcesses } from '../demo/startProcesses.ts';
import { startUpstream, type Upstream } from '../demo/upstream.ts';

export interface TestedDemo extends Demo {
  /** The stand-in's own record of what it received. */
  log: Upstream['log'];
  /** The key that must not reach the browser. */
  key: string;
  gate: Gate;
  /** Resolves with all that Signway and the backend have written to stdout and stderr, once it matches. */
  said(pattern: RegExp): Promise<string>;
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
  const output = createOutput();
  const demo = await startProcesses({
    port: 0,
    environment,
    upstream: { origin: upstream.origin, key },
    onOutput: output.add,
  });
  return {
    ...demo,
    log: upstream.log,
    key,
    gate,
    said: output.has,
    async stop() {
      gate.open();
      await demo.stop();
      await upstream.stop();
    },
  };
}

/** The demo with an upstream that closes every connection ahead of its answer, and has received nothing. */
export async function startBrokenDemo(environment: Environment): Promise<Demo & AsyncDisposable> {
  const listener = Bun.listen({
    hostname: '127.0.0.1',
    port: 0,
    socket: {
      data(socket, bytes) {
        const isInspection = bytes.toString('latin1').startsWith('GET /inspect/');
        socket.end(
          isInspection ? 'HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n' : '',
        );
      },
    },
  });
  const upstream = { origin: `http://127.0.0.1:${listener.port}`, key: `sk-demo-${crypto.randomUUID()}` };
  const demo = await startProcesses({ port: 0, environment, upstream });
  return {
    ...demo,
    async [Symbol.asyncDispose]() {
      await demo.stop();
      listener.stop(true);
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

function createOutput() {
  let text = '';
  let news = Promise.withResolvers<void>();
  return {
    add(more: string) {
      text += more;
      news.resolve();
      news = Promise.withResolvers();
    },
    async has(pattern: RegExp) {
      while (!pattern.test(text)) await news.promise;
      return text;
    },
  };
}
