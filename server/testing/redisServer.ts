import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A Redis server of the tests' own, on a free loopback port. */
export interface RedisServer extends AsyncDisposable {
  readonly url: string;
  /** Sends one command. */
  send(command: string, args: string[]): Promise<void>;
  /** Forgets everything. */
  clear(): Promise<void>;
  /** Makes of everything kept what it would be had the clock been set back. */
  setBack(milliseconds: number): Promise<void>;
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
  const stop = async () => {
    child.kill('SIGKILL');
    await child.exited;
    rmSync(folder, { recursive: true });
  };
  const send = async (command: string, args: string[]) => {
    const client = new Bun.RedisClient(url);
    await client.send(command, args);
    client.close();
  };
  return {
    url,
    send,
    clear: () => send('FLUSHALL', []),
    setBack: (milliseconds) => send('EVAL', [SET_BACK, '0', String(milliseconds)]),
    async kill() {
      child.kill('SIGKILL');
      await child.exited;
    },
    async start() {
      child = await launch({ port, folder, url });
    },
    pause: () => child.kill('SIGSTOP'),
    resume: () => child.kill('SIGCONT'),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

const SET_BACK = `
for _, key in ipairs(redis.call('KEYS', '*')) do
  local left = redis.call('PTTL', key)
  if left > 0 then redis.call('PEXPIRE', key, left + ARGV[1]) end
  if redis.call('TYPE', key).ok == 'hash' then redis.call('HINCRBY', key, 'e', ARGV[1]) end
end
`;

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
