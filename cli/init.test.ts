import { describe, expect, setDefaultTimeout, test } from 'bun:test';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { compileConfig } from '../config/compileConfig.ts';
import { readConfigFile } from '../config/readConfigFile.ts';
import { EXIT } from './exitCodes.ts';
import { runSignway } from './testing/runSignway.ts';
import { temporaryFolder } from './testing/temporaryFolder.ts';

// Machines are slow and loaded, and nothing here is about time.
setDefaultTimeout(60_000);

const ENV = { SW_SECRET: 's'.repeat(32), OPENAI_API_KEY: 'sk-key' };

describe('signway init', () => {
  test('writes the same configuration in TypeScript and in JSON, which can be used as it is', async () => {
    using folder = temporaryFolder();
    const other = folder.write('other', '');
    const values = await Promise.all(
      ['signway.config.ts', 'signway.config.json'].map(async (name) => {
        const path = join(other, '..', name);
        const { stdout, code } = await runSignway(['init', path]);
        expect([stdout, code]).toEqual(['', EXIT.done]);
        expect(statSync(path).mode & 0o777).toBe(0o600);
        const { $schema: _, ...value } = (await readConfigFile(path)).value as Record<string, unknown>;
        return value;
      }),
    );
    expect(values[0]).toEqual(values[1]!);
    const { config, problems } = compileConfig(values[0], { env: ENV, folder: '/' });
    expect(problems).toEqual([]);
    expect(config!.apps[0]!.id).toBe('my-app');
  });

  test('what is commented out in them can be used too', async () => {
    using folder = temporaryFolder();
    const path = folder.write('written.json', '');
    const json = join(path, '..', 'signway.config.json');
    await runSignway(['init', json]);
    const text = readFileSync(json, 'utf8').replace(/^( *)\/\/ (?=["{] ?"|"\w+":|\{ "origin")/gm, '$1');
    const all = folder.write('all.json', text.replace(/\n +(?=\{ "redis": "env:REDIS_URL" \} for)/, '\n// '));
    const { value } = await readConfigFile(all);
    const { problems } = compileConfig(value, { env: { ...ENV, EXAMPLE_KEY: 'k' }, folder: '/' });
    expect(problems).toEqual([]);
    expect(value).toMatchObject({
      store: { sqlite: 'signway.db' },
      apps: [{ require: ['nonce', 'subject', 'bodySchema'] }],
    });
  });

  test('replaces no file, and knows no other form', async () => {
    using folder = temporaryFolder();
    const path = folder.write('signway.config.json', 'mine');
    const there = await runSignway(['init', path]);
    expect([there.code, readFileSync(path, 'utf8')]).toEqual([EXIT.failed, 'mine']);
    for (const name of ['signway.ini', 'signway.config.js', 'signway.config.mts'])
      expect((await runSignway(['init', name])).code).toBe(EXIT.usage);
  });
});
