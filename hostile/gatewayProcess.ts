import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { signUrl } from '../signing/signUrl.ts';

const MAIN = join(import.meta.dirname, '..', 'cli', 'main.ts');
const APP = { id: 'my-id', secret: 'a secret that is only used on loopback' };

/** The command line's gateway in a process of its own, as its users run it. */
export interface GatewayProcess extends AsyncDisposable {
  readonly url: string;
  readonly pid: number;
  sign(proxyUrl: string, method: string): string;
  /** Bytes of memory, and open files. */
  usage(): Promise<{ memory: number; files: number }>;
}

export async function startGatewayProcess(options: readonly string[] = []): Promise<GatewayProcess> {
  const child = Bun.spawn(
    [
      ...[process.execPath, '--no-env-file', MAIN, 'serve', APP.id, '--port', '0', '--host', '127.0.0.1'],
      ...['--allow-network', '127.0.0.0/8', '--no-bytes-monitor', ...options],
    ],
    {
      env: {
        PATH: process.env.PATH,
        SW_SECRET: APP.secret,
        SW_HEADERS: 'Authorization: Bearer sk-of-the-soak',
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  let said = '';
  for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) {
    said += text;
    if (/Listening on (\S+) /.test(said)) break;
  }
  const url = /Listening on (\S+) /.exec(said)?.[1];
  if (url === undefined) throw new Error(`the gateway did not start: ${said}`);
  return {
    url,
    pid: child.pid,
    sign: (proxyUrl, method) => signUrl({ ...APP, host: url, proxyUrl, method, expiry: 86_400 }),
    async usage() {
      const [status, files] = await Promise.all([
        readFile(`/proc/${child.pid}/status`, 'utf8'),
        readdir(`/proc/${child.pid}/fd`),
      ]);
      return { memory: Number(/^VmRSS:\s+(\d+) kB/m.exec(status)![1]) * 1024, files: files.length };
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await child.exited;
    },
  };
}
