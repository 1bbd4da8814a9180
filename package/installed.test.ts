import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import packageJson from '../package.json';
import vectors from '../signing/vectors/sign.json';
import { emptyFolder, type UserFolder, type UserRun } from './testing/emptyFolder.ts';
import { type InstalledPackage, installPackage } from './testing/installPackage.ts';
import { listeningUrl } from './testing/listeningUrl.ts';

interface Start extends UserRun {
  by: string;
  command: string[];
  code?: number;
}

const SECRET = 'a-secret-of-more-than-32-bytes-abcdefgh';

let installed: InstalledPackage;
let folder: UserFolder;

beforeAll(async () => {
  installed = await installPackage();
  ({ folder } = installed);
}, 180_000);
afterAll(() => installed?.[Symbol.asyncDispose]());

// The other is not within reach.
describe.each([
  { runtime: 'bun', without: 'node' },
  { runtime: 'node', without: 'bun' },
] as const)('the package on $runtime alone', ({ runtime, without }) => {
  // As a user there would start it.
  const signway = runtime === 'bun' ? ['bunx', 'signway'] : ['node_modules/.bin/signway'];

  test.each(['signway', 'signway/sign'])(
    'signs every vector by signUrl of %s',
    async (entry) => {
      await folder.write({
        'signs.mjs': `
        import { signUrl } from '${entry}';
        import { text } from 'node:stream/consumers';
        const { vectors } = JSON.parse(await text(process.stdin));
        console.log(JSON.stringify(vectors.map(({ input }) => signUrl(input))));`,
      });
      const ran = await folder.run([runtime, 'signs.mjs'], { without, stdin: JSON.stringify(vectors) });
      expect(ran.stderr).toBe('');
      expect(JSON.parse(ran.stdout)).toEqual(vectors.vectors.map(({ signedUrl }) => signedUrl));
    },
    30_000,
  );

  test('can be required by CommonJS', async () => {
    await folder.write({ 'requires.cjs': "console.log(typeof require('signway').signUrl);" });
    const ran = await folder.run([runtime, 'requires.cjs'], { without });
    expect(ran.stdout).toBe('function\n');
  }, 30_000);

  test.each([
    ['sign', ['sign', '--host', 'https://gw.test', 'https://api.test/']],
    ['sign a body from stdin', ['sign', '--host', 'https://gw.test', 'https://api.test/', '--body', '-']],
    ['keygen', ['keygen']],
    ['--help', ['--help']],
    ['sign --help', ['sign', '--help']],
    ['serve --help', ['serve', '--help']],
    ['config --help', ['config', '--help']],
    ['revoke --help', ['revoke', '--help']],
  ])(
    'runs signway %s',
    async (_name, args) => {
      const env = { SW_ID: 'my-id', SW_SECRET: SECRET };
      const ran = await folder.run([...signway, ...args], { without, env, stdin: 'a body' });
      expect(ran.code).toBe(0);
      expect(ran.stdout).toMatch(/^(https:\/\/gw\.test\/\?X-Sw-|SW_ID=|.*Usage\n {2}signway)/s);
      expect(ran.stderr).not.toContain('Warning');
    },
    30_000,
  );

  test('reads the .env that keygen wrote', async () => {
    const keys = await folder.run([...signway, 'keygen', '--id', 'from-a-file'], { without });
    await folder.write({ '.env': keys.stdout });
    try {
      const sign = ['sign', '--host', 'https://gw.test', 'https://api.test/'];
      const ran = await folder.run([...signway, ...sign], { without });
      expect(ran.stdout).toContain('X-Sw-Credential=from-a-file%2F');
    } finally {
      await folder.run(['rm', '.env']);
    }
  }, 30_000);
});

describe('a gateway from an empty folder', () => {
  test.each<Start>([
    { by: 'bunx signway', command: ['bunx', 'signway'] },
    { by: 'bunx --bun signway', command: ['bunx', '--bun', 'signway'] },
    // This transport starts another process of the same program.
    {
      by: 'bunx --bun, calling by fetch',
      command: ['bunx', '--bun', 'signway', 'serve', '--transport', 'fetch'],
    },
    { by: 'bunx signway, without Node', command: ['bunx', 'signway'], without: 'node' },
    // npx says itself that it was interrupted; the gateway has ended as well once nobody holds its stdout.
    { by: 'npx signway', command: ['npx', '--no-install', 'signway'], code: 130 },
    { by: 'node_modules/.bin/signway', command: ['node_modules/.bin/signway'] },
  ])(
    'answers a signed request, started by $by, and stops at Ctrl-C',
    async ({ command, code = 0, without }) => {
      await using gateway = await startGateway(command, { without });
      expect(await gateway.answer()).toBe('Bearer key');
      gateway.interrupt();
      expect(await gateway.exited).toBe(code);
      expect(JSON.parse(await gateway.stdout)).toMatchObject({ ending: 'complete' });
    },
    60_000,
  );

  // npx hands no SIGTERM on; the others do.
  test.each([
    ['bunx signway', ['bunx', 'signway']],
    ['node_modules/.bin/signway', ['node_modules/.bin/signway']],
  ])(
    'stops at a SIGTERM that %s alone is sent',
    async (_name, command) => {
      await using gateway = await startGateway(command);
      gateway.terminate();
      expect(await gateway.exited).toBe(0);
    },
    60_000,
  );

  test('says in one line what it needs where there is no Bun', async () => {
    const ran = await folder.run(['npx', '--no-install', 'signway', 'serve', 'my-id', SECRET], {
      without: 'bun',
    });
    expect(ran.code).toBe(1);
    expect(ran.stdout).toBe('');
    expect(ran.stderr.trim().split('\n')).toEqual([
      'error: signway serve runs on Bun 1.4.5 or newer: npm install bun, or see https://bun.com',
    ]);
  }, 60_000);

  test('says which Bun is too old for it', async () => {
    await folder.write({ 'node_modules/bun/package.json': '{}', 'node_modules/bun/bin/bun.exe': OLD_BUN });
    await folder.run(['node', '-e', "require('fs').chmodSync('node_modules/bun/bin/bun.exe', 0o755)"]);
    try {
      const serve = ['node_modules/.bin/signway', 'serve', 'my-id', SECRET];
      const ran = await folder.run(serve, { without: 'bun' });
      expect(ran.stderr).toContain('1.4.5 or newer, not 1.2.3');
    } finally {
      await folder.run(['rm', '-r', 'node_modules/bun']);
    }
  }, 30_000);
});

const OLD_BUN = '#!/bin/sh\necho 1.2.3\n';

describe('what needs Bun, on Node', () => {
  test('createSignway can be imported beside signUrl, and says so when it is called', async () => {
    await folder.write({
      'creates.mjs': "import { createSignway, signUrl } from 'signway'; createSignway({ apps: [] });",
    });
    const ran = await folder.run(['node', 'creates.mjs'], { without: 'bun' });
    expect(ran.stderr).toContain('Error: createSignway runs on Bun 1.4.5 or newer');
    expect((await folder.run(['bun', 'creates.mjs'])).code).toBe(0);
  }, 30_000);

  test('signway/server says so when any of its names is imported', async () => {
    const names = Object.keys(await import('../server/index.ts'));
    await folder.write({ 'server.mjs': `import { ${names.join(', ')} } from 'signway/server';` });
    const ran = await folder.run(['node', 'server.mjs'], { without: 'bun' });
    expect(ran.stderr).toContain('Error: signway/server runs on Bun 1.4.5 or newer');
    expect((await folder.run(['bun', 'server.mjs'])).code).toBe(0);
  }, 30_000);
});

test('signway/sign loads no dependency', async () => {
  await using alone = await emptyFolder();
  await cp(join(folder.path, 'node_modules/signway'), join(alone.path, 'node_modules/signway'), {
    recursive: true,
  });
  await alone.write({ 'alone.mjs': "import { signUrl } from 'signway/sign'; console.log(typeof signUrl);" });
  expect(await alone.run(['node', 'alone.mjs'])).toEqual({ stdout: 'function\n', stderr: '', code: 0 });
}, 30_000);

test('npm installs it as well', async () => {
  await using other = await emptyFolder();
  const install = ['npm', 'install', '--prefer-offline', '--no-audit', '--no-fund', installed.tarball];
  expect(await other.run(install, { without: 'bun' })).toMatchObject({ code: 0 });
  const version = await other.run(['npx', '--no-install', 'signway', '--version'], { without: 'bun' });
  expect(version.stdout).toBe(`${packageJson.version}\n`);
}, 180_000);

test('the package brings no Bun, and what it brings is small', async () => {
  const list = await folder.run(['bun', 'pm', 'ls', '--all']);
  const names = list.stdout.match(/── (@?[^@\s]+)@/g)!.map((line) => line.slice(3, -1));
  expect(names.sort()).toEqual(['signway', ...Object.keys(packageJson.dependencies)].sort());
}, 30_000);

/** Starts `signway serve` in the folder before an upstream that answers with the header that was added. */
async function startGateway(command: readonly string[], { without }: UserRun = {}) {
  const upstream = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch: (request) => new Response(request.headers.get('authorization')),
  });
  const env = { SW_ID: 'my-id', SW_SECRET: SECRET, SW_HEADERS: 'Authorization: Bearer key' };
  const serve = command.includes('serve') ? [] : ['serve'];
  const options = ['--port', '0', '--host', '127.0.0.1', '--allow-network', '127.0.0.0/8'];
  const gateway = folder.start([...command, ...serve, ...options], { env, without });
  const stdout = new Response(gateway.stdout).text();
  const host = await listeningUrl(gateway.stderr);
  return {
    exited: gateway.exited,
    stdout,
    async answer() {
      const sign = ['node_modules/.bin/signway', 'sign', '--host', host, upstream.url.href];
      const signed = await folder.run(sign, { env });
      return (await fetch(signed.stdout.trim())).text();
    },
    /** As a terminal does it: every process of the group gets it. */
    interrupt: () => process.kill(-gateway.pid, 'SIGINT'),
    terminate: () => gateway.kill('SIGTERM'),
    async [Symbol.asyncDispose]() {
      if (!gateway.killed) process.kill(-gateway.pid, 'SIGKILL');
      await gateway.exited;
      await upstream.stop(true);
    },
  };
}
