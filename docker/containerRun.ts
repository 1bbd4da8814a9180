import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** An image's own words about how it is run. */
export interface ImageConfig {
  readonly User: string;
  readonly Env: readonly string[];
  readonly Entrypoint: readonly string[];
  readonly WorkingDir: string;
  readonly StopSignal: string;
  readonly Healthcheck: { readonly Test: readonly string[] };
}

export interface Container extends AsyncDisposable {
  /** Resolves with all that stderr holds once it matches. */
  said(pattern: RegExp): Promise<string>;
  /** Runs a command in it, as its user, to its end. */
  exec(command: readonly string[]): Promise<{ text: string; code: number }>;
  signal(name: string): Promise<void>;
  /** What the kernel says of its process (proc(5), status). */
  status(): Promise<string>;
  readonly exited: Promise<number>;
}

/** The configuration of an image that buildah holds. */
export async function readImageConfig(image: string): Promise<ImageConfig> {
  const inspected = await output(['buildah', 'inspect', '--type', 'image', image]);
  return JSON.parse(inspected).Docker.config;
}

/**
 * Runs an image with runc as the strictest engine would: a read-only root with nothing writable in it, no
 * capabilities, no new privileges, its process the first of its PID namespace. The network is this machine's.
 */
export async function runContainer(image: string, args: readonly string[]): Promise<Container> {
  const config = await readImageConfig(image);
  const bundle = await mkdtemp(join(tmpdir(), 'signway-image-'));
  const working = (await output(['buildah', 'from', '--pull-never', image])).trim();
  const root = (await output(['buildah', 'mount', working])).trim();
  await output(['runc', 'spec', '--bundle', bundle]);
  const specFile = Bun.file(join(bundle, 'config.json'));
  await specFile.write(JSON.stringify(strictSpec(await specFile.json(), { config, args, root })));

  const name = `signway-${crypto.randomUUID()}`;
  const child = Bun.spawn(['runc', 'run', '--bundle', bundle, name], { stdout: 'ignore', stderr: 'pipe' });
  const stderr = child.stderr.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  return {
    exited: child.exited,
    async said(pattern) {
      while (!pattern.test(text)) {
        const { done, value } = await stderr.read();
        if (done) throw new Error(`stderr ended without ${pattern}: ${text}`);
        text += value;
      }
      return text;
    },
    async exec(command) {
      const run = Bun.spawn(['runc', 'exec', name, ...command], { stdout: 'pipe', stderr: 'pipe' });
      const said = [new Response(run.stdout).text(), new Response(run.stderr).text()];
      return { text: (await Promise.all(said)).join('').trim(), code: await run.exited };
    },
    signal: async (signal) => void (await output(['runc', 'kill', name, signal])),
    async status() {
      const { pid } = JSON.parse(await output(['runc', 'state', name]));
      return Bun.file(`/proc/${pid}/status`).text();
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null) await output(['runc', 'kill', name, 'KILL']);
      await child.exited;
      await output(['buildah', 'rm', working]);
      await rm(bundle, { recursive: true });
    },
  };
}

interface Run {
  config: ImageConfig;
  args: readonly string[];
  root: string;
}

// biome-ignore lint/suspicious/noExplicitAny: what `runc spec` writes, of which little is changed
function strictSpec(spec: any, { config, args, root }: Run) {
  const [uid, gid] = config.User.split(':').map(Number);
  const none = { bounding: [], effective: [], permitted: [], inheritable: [], ambient: [] };
  return {
    ...spec,
    root: { path: root, readonly: true },
    process: {
      ...spec.process,
      terminal: false,
      user: { uid, gid },
      args: [...config.Entrypoint, ...args],
      env: config.Env,
      cwd: config.WorkingDir,
      capabilities: none,
      noNewPrivileges: true,
    },
    // biome-ignore lint/suspicious/noExplicitAny: as above
    mounts: spec.mounts.filter(({ type }: any) => type === 'proc'),
    linux: {
      // biome-ignore lint/suspicious/noExplicitAny: as above
      namespaces: spec.linux.namespaces.filter(({ type }: any) => !['network', 'cgroup'].includes(type)),
    },
  };
}

/** Runs a command to its end and gives what it wrote; buildah needs no daemon, and here no namespaces. */
export async function output(command: readonly string[]): Promise<string> {
  const env = { STORAGE_DRIVER: 'vfs', BUILDAH_ISOLATION: 'chroot', ...Bun.env };
  const child = Bun.spawn([...command], { env, stdout: 'pipe', stderr: 'pipe' });
  const [stdout, stderr] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  if ((await child.exited) !== 0) throw new Error(`${command.join(' ')}\n${stderr}`);
  return stdout;
}
