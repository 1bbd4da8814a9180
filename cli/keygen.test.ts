import { describe, expect, test } from 'bun:test';
import { EXIT } from './exitCodes.ts';
import { runSignway } from './testing/runSignway.ts';

describe('signway keygen', () => {
  test('prints an id and a secret of 32 bytes as variables, different each time', async () => {
    const [first, second] = await Promise.all([runSignway(['keygen']), runSignway(['keygen'])]);
    expect(first.code).toBe(EXIT.done);
    expect(first.stdout).toMatch(/^SW_ID=app-[2-9a-z]{10}\nSW_SECRET=[A-Za-z0-9_][A-Za-z0-9_-]{42}\n$/);
    expect(second.stdout).not.toBe(first.stdout);
    expect(first.stderr).not.toContain(/SW_SECRET=(.*)/.exec(first.stdout)![1]!);
  });

  test('--json gives both as data and --id keeps an id', async () => {
    const { stdout } = await runSignway(['keygen', '--json', '--id', 'my-app']);
    const { id, secret } = JSON.parse(stdout);
    expect(id).toBe('my-app');
    expect(Buffer.from(secret, 'base64url')).toHaveLength(32);
  });

  test('an id that no URL could carry is refused', async () => {
    expect((await runSignway(['keygen', '--id', 'a/b'])).code).toBe(EXIT.usage);
  });
});
