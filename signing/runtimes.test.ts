import { expect, test } from 'bun:test';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import plain from './vectors/sign.json';

test('signs every vector under Node, without Bun', async () => {
  const built = await Bun.build({ entrypoints: [join(import.meta.dir, 'index.ts')], target: 'node' });
  expect(built.success).toBe(true);
  const folder = await mkdtemp(join(tmpdir(), 'signway-node-'));
  try {
    await writeFile(join(folder, 'signing.mjs'), await built.outputs[0]!.text());
    const script = `
      import { readFileSync } from 'node:fs';
      import { signUrl } from './signing.mjs';
      if (typeof Bun !== 'undefined') throw new Error('this is Bun');
      const { vectors } = JSON.parse(readFileSync(0, 'utf8'));
      console.log(JSON.stringify(vectors.map(({ input }) => signUrl(input))));`;
    await writeFile(join(folder, 'main.mjs'), script);
    const node = Bun.spawn(['node', 'main.mjs'], { cwd: folder, stdin: new Blob([JSON.stringify(plain)]) });
    const urls = await new Response(node.stdout).json();
    expect(await node.exited).toBe(0);
    expect(urls).toEqual(plain.vectors.map((vector) => vector.signedUrl));
  } finally {
    await rm(folder, { recursive: true });
  }
});
