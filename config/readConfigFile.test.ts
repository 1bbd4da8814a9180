import { afterAll, describe, expect, test } from 'bun:test';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CONFIG_NAMES, ConfigFileError, findConfigFile, readConfigFile } from './readConfigFile.ts';

const folder = mkdtempSync(join(tmpdir(), 'signway-config-'));
afterAll(() => rmSync(folder, { recursive: true }));

function fileOf(name: string, text: string): string {
  const path = join(mkdtempSync(join(folder, 'file-')), name);
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

describe('a configuration file', () => {
  test.each([
    ['signway.config.ts', 'const port: number = 1;\nexport default { port };\n'],
    ['signway.config.ts', 'export default async () => ({ port: 1 });\n'],
    ['signway.config.mjs', 'export default { port: 1 };\n'],
    ['signway.config.json', '// comments may be there\n{ "port": 1, }\n'],
    ['signway.config.yaml', 'port: 1\n'],
    ['signway.config.toml', 'port = 1\n'],
  ])('may be %s', async (name, text) => {
    const file = await readConfigFile(fileOf(name, text));
    expect(file.value).toEqual({ port: 1 });
    expect(file.open).toBe(false);
  });

  test('in JSON tells the place of its parts', async () => {
    const file = await readConfigFile(
      fileOf('signway.config.json', '{\n  "port": "x",\n  "apps": [\n    { "id": 1 }\n  ]\n}\n'),
    );
    expect(file.placeOf(['port'])).toEqual({ line: 2, column: 3 });
    expect(file.placeOf(['apps', 0])).toEqual({ line: 4, column: 5 });
    expect(file.placeOf(['apps', 0, 'id'])).toEqual({ line: 4, column: 7 });
    expect(file.placeOf(['apps', 0, 'secrets'])).toBeUndefined();
  });

  test('is read anew when it has changed', async () => {
    const path = fileOf('signway.config.ts', 'export default { port: 1 };\n');
    expect((await readConfigFile(path)).value).toEqual({ port: 1 });
    const beside = join(path, '..', 'beside.ts');
    for (const port of [2, 3]) {
      writeFileSync(beside, `export const port: number = ${port};\n`);
      writeFileSync(path, "import { port } from './beside.ts';\nexport default { port };\n");
      expect((await readConfigFile(path)).value).toEqual({ port });
    }
    writeFileSync(path, 'export default {');
    expect(await readConfigFile(path).catch((error) => error)).toBeInstanceOf(ConfigFileError);
    writeFileSync(path, 'export default { port: 4 };\n');
    expect((await readConfigFile(path)).value).toEqual({ port: 4 });
  });

  test.each([
    ['signway.config.json', '{ "port": }', 'signway.config.json:1:11 is not JSON'],
    ['signway.config.json', '', 'is not JSON'],
    ['signway.config.ts', 'export const port = 1;', 'has no default export'],
    ['signway.config.ts', 'export default {', 'signway.config.ts:1:16 cannot be read: Expected'],
    ['signway.config.ts', 'export default {\n a: {,} ]\n', 'signway.config.ts:2:6 cannot be read: Expected'],
    [
      'signway.config.ts',
      "import './no.ts';\nexport default {}",
      "cannot be read: Cannot find module './no.ts'",
    ],
    [
      'signway.config.ts',
      "import { readFileSync } from 'node:fs';\nexport default () => readFileSync('/no/such/file');",
      "cannot be read: ENOENT: no such file or directory, open '/no/such/file'",
    ],
    ['signway.config.toml', 'port 1', 'cannot be read'],
    ['signway.config.ini', 'port=1', 'is of no format'],
  ])('that is broken says so: %s, %j', async (name, text, message) => {
    const error = await readConfigFile(fileOf(name, text)).catch((reason) => reason);
    expect(error).toBeInstanceOf(ConfigFileError);
    expect(error.message).toContain(message);
  });

  test('that is not there says so', async () => {
    await expect(readConfigFile('/no/such/signway.config.json')).rejects.toThrow('ENOENT');
  });

  test('is found by its name, TypeScript first', () => {
    const path = fileOf('signway.config.json', '{}');
    const folder = join(path, '..');
    expect(findConfigFile(folder)).toBe(path);
    writeFileSync(join(folder, 'signway.config.ts'), '');
    expect(findConfigFile(folder)).toBe(join(folder, 'signway.config.ts'));
    expect(findConfigFile(mkdtempSync(join(folder, 'empty-')))).toBeUndefined();
    expect(CONFIG_NAMES[0]).toBe('signway.config.ts');
  });
});
