import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A Redis server of the tests' own, on a free loopback port. */
export interface RedisServer {
  readonly url: string;
  /** Forgets everything. */
  clear(): Promise<void>;
  /** Ends the process; what was kept is gone with it. */
  kill(): Promise<void>;
  /** Starts it again on the same port. */
  start(): Promise<void>;
  /** Holds the process, which then answers nothing, and lets it go on. */
  pause(): void;
  resume(): void;
  stop(): Promise<void>;
}

/** The server's program, or null where there is none (Debian: `apt install redis-server`). */
export const redisProgram: string | null = Bun.which('redis-server') ?? Bun.which('valkey-server');

export async function startRedisServer(): Promise<RedisServer> {
  const folder = mkdtempSync(join(tmpdir(), 'signway-redis-'));
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}`;
  let child = await launch({ port, folder, url });
  return {
    url,
    async clear() {
      const client = new Bun.RedisClient(url);
      await client.send('FLUSHALL', []);
      client.close();
    },
    async kill() {
      child.kill('SIGKILL');
      await child.exited;
    },
    async start() {
      child = await launch({ port, folder, url });
    },
    pause: () => child.kill('SIGSTOP'),
    resume: () => child.kill('SIGCONT'),
    async stop() {
      child.kill('SIGKILL');
      await child.exited;
      rmSync(folder, { recursive: true });
    },
  };
}

async function launch({ port, folder, url }: { port: number; folder: string; url: string }) {
  const options = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', ''];
  const child = Bun.spawn([redisProgram!, ...options], { stdout: 'ignore', stderr: 'ignore' });
  for (;;) {
    const client = new Bun.RedisClient(url, { autoReconnect: false, enableOfflineQueue: false });
    try {
      await client.connect();
      return child;
    } catch {
      if (child.exitCode !== null) throw new Error('redis-server ended');
      await Bun.sleep(20);
    } finally {
      client.close();
    }
  }
}

async function freePort(): Promise<number> {
  const server = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } });
  const { port } = server;
  server.stop(true);
  return port;
}
