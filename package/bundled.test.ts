import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { build } from 'vite';
import type { UserFolder } from './testing/emptyFolder.ts';
import { type InstalledPackage, installPackage } from './testing/installPackage.ts';

let installed: InstalledPackage;
let folder: UserFolder;

beforeAll(async () => {
  installed = await installPackage();
  ({ folder } = installed);
}, 180_000);
afterAll(() => installed?.[Symbol.asyncDispose]());

const HOLDS_A_SECRET = [
  ['signway', 'signUrl'],
  ['signway', 'createSignway'],
  ['signway/sign', 'sign'],
  ['signway/server', 'createSignway'],
] as const;

describe.each(HOLDS_A_SECRET)('a page that imports %s (%s)', (entry, name) => {
  test('is refused by Vite', async () => {
    await folder.write({ 'page.ts': `import { ${name} } from '${entry}'; console.log(${name});` });
    await expect(bundledByVite('page.ts')).rejects.toThrow('secretsStayOnTheServer');
  }, 60_000);

  test("is refused by Bun's bundler", async () => {
    await folder.write({ 'page.ts': `import { ${name} } from '${entry}'; console.log(${name});` });
    await expect(bundledByBun('page.ts')).rejects.toThrow('Bundle failed');
  }, 60_000);
});

test.each([
  ['a namespace', "import * as signway from 'signway/sign'; console.log(Object.keys(signway));"],
  ['a side effect', "import 'signway/sign';"],
  ['a dynamic import', "await import('signway/sign');"],
])(
  'what no bundler checks, %s, throws when the page runs',
  async (_name, source) => {
    await folder.write({ 'page.ts': source });
    for (const bundled of [await bundledByBun('page.ts'), await bundledByVite('page.ts')]) {
      expect(bundled).not.toContain('X-Sw-Signature');
      // Vite's loader of dynamic imports tells the window of a failure before it passes it on.
      await folder.write({ 'page.mjs': `globalThis.window = new EventTarget();\n${bundled}` });
      const ran = await folder.run(['node', 'page.mjs']);
      expect(ran.stderr).toContain('a secret, which must not reach a page');
    }
  },
  60_000,
);

test('signway/client is what a page may import', async () => {
  const names = Object.keys(await import('../client/index.ts'));
  await folder.write({
    'page.ts': `import { ${names.join(', ')} } from 'signway/client'; console.log(${names.map((name) => `typeof ${name}`).join(', ')});`,
  });
  for (const bundled of [await bundledByBun('page.ts'), await bundledByVite('page.ts')]) {
    await folder.write({ 'page.mjs': bundled });
    const ran = await folder.run(['node', 'page.mjs']);
    expect(ran.stdout).toBe(`${names.map(() => 'function').join(' ')}\n`);
  }
}, 60_000);

test.each(['bun', 'node'] as const)(
  'a backend is bundled for %s as ever',
  async (target) => {
    await folder.write({ 'backend.ts': "import { signUrl } from 'signway'; console.log(typeof signUrl);" });
    const built = await Bun.build({ entrypoints: [join(folder.path, 'backend.ts')], target });
    await folder.write({ 'backend.mjs': await built.outputs[0]!.text() });
    expect((await folder.run([target, 'backend.mjs'])).stdout).toBe('function\n');
  },
  60_000,
);

// Its bundlers ask for `browser` too, though it runs backends.
test('a worker of Cloudflare is a backend', async () => {
  await folder.write({ 'worker.ts': "import { signUrl } from 'signway'; console.log(typeof signUrl);" });
  const built = await Bun.build({
    entrypoints: [join(folder.path, 'worker.ts')],
    target: 'browser',
    conditions: ['workerd', 'worker'],
    external: ['node:*'],
  });
  await folder.write({ 'worker.mjs': await built.outputs[0]!.text() });
  expect((await folder.run(['node', 'worker.mjs'])).stdout).toBe('function\n');
}, 60_000);

async function bundledByBun(entry: string): Promise<string> {
  const built = await Bun.build({ entrypoints: [join(folder.path, entry)], target: 'browser' });
  return built.outputs[0]!.text();
}

async function bundledByVite(entry: string): Promise<string> {
  const built = await build({
    root: folder.path,
    configFile: false,
    logLevel: 'silent',
    build: {
      write: false,
      minify: false,
      modulePreload: false,
      target: 'esnext',
      rollupOptions: { input: join(folder.path, entry), output: { codeSplitting: false } },
    },
  });
  const { output } = (Array.isArray(built) ? built[0] : built) as { output: { code?: string }[] };
  return output.map(({ code = '' }) => code).join('\n');
}
