import { expect, test } from 'bun:test';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..', '..');
const DOCUMENTS = ['docs/threat-model.md', 'docs/reliability.md', 'docs/limits.md'];

const named = (document: string) =>
  [...readFileSync(join(ROOT, document), 'utf8').matchAll(/([\w/.-]+\.test\.ts)/g)].map(([, path]) => path!);

test.each(DOCUMENTS)('every test that %s names is there', (document) => {
  const paths = named(document);
  expect(paths.length).toBeGreaterThan(0);
  expect(paths.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
});

test('every attack is named by the threat model', () => {
  const attacks = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.test.ts'));
  const listed = new Set(named('docs/threat-model.md'));
  const missing = attacks.filter((name) => !listed.has(`server/attacks/${name}`));
  expect(missing).toEqual(['threatModel.test.ts']);
});
