import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawn } from 'bun';
import { freePort } from './freePort.ts';

export interface Dnsmasq extends AsyncDisposable {
  /** As `setServers` of `node:dns` takes it. */
  readonly server: string;
  /** Gives names other addresses from now on. */
  rebind(names: Readonly<Record<string, readonly string[]>>): Promise<void>;
}

/** Runs a real name server on a free port of loopback. `ttl` is that of its answers, in seconds. */
export async function startDnsmasq(path: string, { ttl }: { ttl: number }): Promise<Dnsmasq> {
  const folder = await mkdtemp(join(tmpdir(), 'signway-dnsmasq-'));
  const hosts = join(folder, 'hosts');
  await writeFile(hosts, '');
  const { port, child, read } = await run(path, [`--addn-hosts=${hosts}`, `--local-ttl=${ttl}`]);
  return {
    server: `127.0.0.1:${port}`,
    async rebind(names) {
      const text = Object.entries(names).flatMap(([name, addresses]) =>
        addresses.map((address) => `${address} ${name}\n`),
      );
      await writeFile(hosts, text.join(''));
      child.kill('SIGHUP');
      await read(HAS_READ);
    },
    async [Symbol.asyncDispose]() {
      child.kill();
      await child.exited;
      await rm(folder, { recursive: true });
    },
  };
}

const HAS_READ = /read .*hosts/;

/** A port that is free for TCP may be taken for UDP, or be taken by the time it is used: then another is tried. */
async function run(path: string, options: readonly string[], attempts = 10) {
  const port = freePort();
  const child = spawn([path, ...FIXED, ...options, `--port=${port}`], {
    stdin: 'ignore',
    stdout: 'ignore',
    stderr: 'pipe',
  });
  const lines = child.stderr.pipeThrough(new TextDecoderStream()).getReader();
  const read = async (pattern: RegExp): Promise<void> => {
    for (let text = ''; !pattern.test(text); ) {
      const { value, done } = await lines.read();
      if (done) throw new Error(`dnsmasq ended: ${text}`);
      text += value;
    }
  };
  try {
    await read(HAS_READ);
    return { port, child, read };
  } catch (error) {
    if (attempts === 1) throw error;
    return await run(path, options, attempts - 1);
  }
}

const FIXED = [
  '--keep-in-foreground',
  '--conf-file=/dev/null',
  '--no-resolv',
  '--no-hosts',
  '--log-facility=-',
  '--user=',
  '--pid-file=',
  '--bind-interfaces',
  '--listen-address=127.0.0.1',
];
