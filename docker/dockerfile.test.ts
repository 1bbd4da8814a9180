import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { cp, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, delimiter, dirname, join } from 'node:path';
import { listeningUrl } from '../package/testing/listeningUrl.ts';
import packageJson from '../package.json';
import { signUrl } from '../signing/index.ts';
import { isSentToBuilder, readDockerfile } from './readDockerfile.ts';

const ROOT = join(import.meta.dir, '..');
const instructions = readDockerfile(await Bun.file(join(ROOT, 'Dockerfile')).text());
const dockerignore = await Bun.file(join(ROOT, '.dockerignore')).text();
const finalStage = instructions.slice(instructions.findLastIndex(({ name }) => name === 'FROM'));
const buildStage = instructions.slice(0, instructions.length - finalStage.length);
const rest = (name: string) => finalStage.filter((each) => each.name === name).map((each) => each.rest);

describe('the Dockerfile', () => {
  test('takes the Bun that everything is tested on', () => {
    const images = buildStage.filter(({ name }) => name === 'ARG').map((each) => each.rest);
    expect(images).toHaveLength(2);
    for (const image of images) expect(image).toContain(`=oven/bun:${packageJson.devDependencies.bun}-`);
  });

  test('runs nothing in the final stage, so that it is made for any architecture on any other', () => {
    expect(rest('RUN')).toEqual([]);
    expect(buildStage.find(({ name }) => name === 'FROM')!.rest).toStartWith('--platform=$BUILDPLATFORM ');
  });

  test('runs as a user with a number that is not root, which Kubernetes can check', () => {
    expect(rest('USER')).toEqual(['65532:65532']);
  });

  test('sends no secret, test or dependency of this checkout to the builder', () => {
    const files = [
      '.env',
      '.git/config',
      'node_modules/citty/package.json',
      'cli/cli.test.ts',
      'e2e/demoPage.ts',
    ];
    expect(files.filter((file) => isSentToBuilder(file, dockerignore))).toEqual([]);
    const needed = ['package.json', 'bun.lock', 'cli/main.ts', 'server/upstream/network.ts'];
    expect(needed.filter((file) => !isSentToBuilder(file, dockerignore))).toEqual([]);
  });
});

describe('what the Dockerfile makes', () => {
  let folder: string;

  // No engine runs here, so its instructions are followed in a folder: `docker/tryImage.ts` really builds it.
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'signway-dockerfile-'));
    const build = join(folder, 'build');
    await mkdir(build);
    for await (const path of new Bun.Glob('**/*').scan({ cwd: ROOT, dot: true })) {
      if (!/^(node_modules|\.git)\//.test(path) && isSentToBuilder(path, dockerignore)) {
        await cp(join(ROOT, path), join(build, path));
      }
    }
    for (const { name, rest } of buildStage) {
      if (name === 'RUN') await runInFolder(rest.replace(/^(--mount=\S+ )+/, ''), build);
    }
    for (const copied of rest('COPY')) {
      const [from, ...paths] = copied.split(' ');
      expect(from).toBe('--from=build');
      const target = paths.pop()!;
      for (const path of paths) {
        const to = target.endsWith('/') ? join(target, basename(path)) : target;
        await cp(join(folder, path), join(folder, 'image', to), { recursive: true });
      }
    }
  }, 300_000);
  afterAll(() => rm(folder, { recursive: true }));

  test('answers a signed request on the command line of `docker run IMAGE my-id my-secret`, and is healthy', async () => {
    using upstream = Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      fetch: (request) => new Response(request.headers.get('authorization')),
    });
    const args = ['my-id', 'my-secret', '--header', 'Authorization: Bearer key'];
    const here = ['--port', '0', '--host', '127.0.0.1', '--allow-network', '127.0.0.0/8'];
    await using gateway = Bun.spawn([...inFolder(rest('ENTRYPOINT')[0]!), ...args, ...here], {
      cwd: folder,
      env: {},
      stdout: 'ignore',
      stderr: 'pipe',
    });
    const host = await listeningUrl(gateway.stderr);
    const signed = { id: 'my-id', secret: 'my-secret', host, expiry: 60, method: 'GET' };
    const answer = await fetch(signUrl({ ...signed, proxyUrl: upstream.url.href }));
    expect(await answer.text()).toBe('Bearer key');

    const check = inFolder(rest('HEALTHCHECK')[0]!.replace(/^.*?CMD /, ''));
    const PORT = new URL(host).port;
    const healthy = Bun.spawn(check, { cwd: folder, env: { PORT }, stdout: 'pipe' });
    expect(await new Response(healthy.stdout).text()).toBe('alive\n');
    expect(await healthy.exited).toBe(0);

    gateway.kill(rest('STOPSIGNAL')[0] as 'SIGTERM');
    expect(await gateway.exited).toBe(0);
    expect(await Bun.spawn(check, { cwd: folder, env: { PORT }, stderr: 'ignore' }).exited).toBe(1);
  }, 60_000);

  test('holds the dependencies and nothing that they can do without', async () => {
    const names = await readdir(join(folder, 'image/opt/signway/node_modules'));
    expect(names.filter((name) => !name.startsWith('.')).sort()).toEqual(
      Object.keys(packageJson.dependencies).sort(),
    );
  });

  test('runs by a configuration file that is mounted below its working directory', async () => {
    const home = join(folder, 'image', rest('WORKDIR')[0]!);
    await Bun.write(
      join(home, 'config', 'signway.config.ts'),
      `import { defineConfig } from 'signway';
      export default defineConfig({
        apps: [{ id: 'my-id', secrets: ['env:SW_SECRET'], upstreams: [{ origin: 'https://api.test' }] }],
      });`,
    );
    await using gateway = Bun.spawn(
      [
        ...inFolder(rest('ENTRYPOINT')[0]!),
        ...['serve', '--config', 'config/signway.config.ts', '--port', '0', '--host', '127.0.0.1'],
      ],
      { cwd: home, env: { SW_SECRET: 'a'.repeat(40) }, stdout: 'ignore', stderr: 'pipe' },
    );
    const url = await listeningUrl(gateway.stderr);
    expect((await fetch(`${url}healthz`)).status).toBe(200);
  }, 60_000);

  /** The exec form of an instruction, with this machine's Bun and the folder in place of the image's root. */
  function inFolder(execForm: string): string[] {
    const words: string[] = JSON.parse(execForm);
    return words.map((word) => {
      if (word === '/usr/local/bin/bun') return process.execPath;
      return word.startsWith('/opt/') ? join(folder, 'image', word) : word;
    });
  }
});

async function runInFolder(command: string, cwd: string): Promise<void> {
  // The file that is running may have another name than `bun`.
  const PATH = [dirname(process.execPath), join(ROOT, 'node_modules/.bin'), process.env.PATH].join(delimiter);
  const child = Bun.spawn(['sh', '-c', command], { cwd, env: { ...process.env, PATH }, stderr: 'pipe' });
  const said = await new Response(child.stderr).text();
  if ((await child.exited) !== 0) throw new Error(`${command}\n${said}`);
}
