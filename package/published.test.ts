import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import packageJson from '../package.json';
import { type PackedPackage, packPackage } from './testing/packPackage.ts';

let packed: PackedPackage;
let files: Map<string, File>;

beforeAll(async () => {
  packed = await packPackage();
  files = await new Bun.Archive(await Bun.file(packed.tarball).bytes()).files();
}, 120_000);
afterAll(() => packed?.[Symbol.asyncDispose]());

describe('the tarball', () => {
  test('holds what is run and read, and no test, source or fixture', () => {
    const names = [...files.keys()].map((name) => name.replace(/^package\//, ''));
    const kinds = names.filter((name) => !/^(dist\/.*\.(js|d\.ts)|docs\/.*)$/.test(name)).sort();
    expect(kinds).toEqual(['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json']);
    expect(names.filter((name) => /\.test\.|\/(testing|bench|e2e)\/|\.pem$/.test(name))).toEqual([]);
    expect(names).toContain('dist/cli/main.js');
    expect(names).toContain('dist/package/sign.d.ts');
  });

  test('may be published, and invents no address', () => {
    expect(packageJson).not.toHaveProperty('private');
    expect(JSON.stringify(packageJson)).not.toMatch(/https?:\/\//);
  });

  test('has no complaint of publint', async () => {
    const tarball = await Bun.file(packed.tarball).arrayBuffer();
    const { messages, pkg } = await publint({ pack: { tarball }, strict: true });
    expect(messages.map((message) => formatMessage(message, pkg, { color: false }))).toEqual([]);
  }, 60_000);

  test('has types that resolve under node16 and bundlers; it is ESM only', async () => {
    const tarball = await Bun.file(packed.tarball).bytes();
    const { types, problems } = (await checkPackage(createPackageFromTarballData(tarball))) as {
      types: object;
      problems: { kind: string; resolutionKind?: string }[];
    };
    expect(types).toEqual({ kind: 'included' });
    // TypeScript's node10 knows no `exports`; its node16 does not know that Node 20.19 requires ESM.
    const known = ['NoResolution node10', 'CJSResolvesToESM node16-cjs'];
    const found = problems.map(({ kind, resolutionKind }) => `${kind} ${resolutionKind}`);
    expect(found.filter((problem) => !known.includes(problem))).toEqual([]);
  }, 60_000);

  test('brings what docs/package.md gives a reason for, and nothing else', async () => {
    const document = await Bun.file(new URL('../docs/package.md', import.meta.url)).text();
    const table = document.slice(document.indexOf('| Dependency'));
    const explained = [...table.matchAll(/^\| `(\S+)` +\|/gm)].map(([, name]) => name);
    expect(explained.sort()).toEqual(Object.keys(packageJson.dependencies).sort());
  });
});
