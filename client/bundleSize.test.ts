import { expect, test } from 'bun:test';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'vite';

const CLIENT = join(import.meta.dirname, 'index.ts');

test.each([
  ['createSignwayFetch, SignwayError', 3000],
  ['createSignwayFetch, askBackend, SignwayError', 3000],
  ['createSignwayFetch, SignwayError, streamEvents, streamText', 5000],
])('a page that imports { %s } gets less than %d bytes, gzipped', async (names, limit) => {
  const code = await bundled(
    `import { ${names} } from ${JSON.stringify(CLIENT)}; globalThis.s = { ${names} };`,
  );
  const size = Bun.gzipSync(code, { level: 9 }).byteLength;
  expect(size).toBeLessThan(limit);
  // What was measured is the client and not what is left of it when nothing is used.
  expect(size).toBeGreaterThan(500);
});

test('the sizes that the README gives are those measured, in steps of 0.1 kB', async () => {
  const readme = await Bun.file(join(import.meta.dirname, '../README.md'))
    .text()
    .then((text) => text.replace(/\s+/g, ' '));
  const said = /adds ([\d.]+) kB to a page, minified and gzipped, and ([\d.]+) kB with the streams/.exec(
    readme,
  );
  const fetching = ['createSignwayFetch', 'askBackend'];
  const sizes = [fetching, [...fetching, 'streamText']].map(async (names) =>
    Bun.gzipSync(await bundled(`export { ${names.join(', ')} } from ${JSON.stringify(CLIENT)};`), {
      level: 9,
    }),
  );
  const measured = (await Promise.all(sizes)).map((bytes) => (bytes.byteLength / 1000).toFixed(1));
  expect(said?.slice(1)).toEqual(measured);
});

test('a page gets the parser only with the streams', async () => {
  const without = await bundled(`export { createSignwayFetch } from ${JSON.stringify(CLIENT)};`);
  const streams = await bundled(`export { streamEvents } from ${JSON.stringify(CLIENT)};`);
  expect(without).not.toContain('max-buffer-size-exceeded');
  expect(streams).toContain('max-buffer-size-exceeded');
});

test('a page gets nothing of what signs or holds secrets', async () => {
  const code = await bundled(`export * from ${JSON.stringify(CLIENT)};`);
  expect(code).not.toMatch(/HMAC|createHmac|secret|X-Sw-Signature|node:/i);
});

/** What Vite makes of a page's module: tree-shaken and minified. */
async function bundled(source: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'signway-bundle-'));
  try {
    writeFileSync(join(folder, 'page.js'), source);
    const built = await build({
      configFile: false,
      root: folder,
      logLevel: 'error',
      build: {
        write: false,
        target: 'es2023',
        modulePreload: { polyfill: false },
        rollupOptions: { input: join(folder, 'page.js'), preserveEntrySignatures: 'strict' },
      },
    });
    const [{ output }] = [built].flat() as { output: { code: string }[] }[] as [
      { output: [{ code: string }] },
    ];
    return output[0].code;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
