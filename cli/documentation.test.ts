import { describe, expect, test } from 'bun:test';
import { EXIT } from './exitCodes.ts';
import { runSignway } from './testing/runSignway.ts';

const DOCUMENT = await Bun.file(new URL('../docs/cli.md', import.meta.url)).text();
const OPTION = /--[a-z][a-z0-9-]+/g;

describe('docs/cli.md', () => {
  test.each(['serve', 'sign', 'grant', 'inspect', 'keygen', 'health', 'config', 'init', 'revoke'])(
    'documents the options of %s, and no others',
    async (command) => {
      const { stdout } = await runSignway([command, '--help']);
      // An example's second line can begin with an option too.
      const text = stdout
        .split('\n\n')
        .filter((each) => !each.startsWith('Examples'))
        .join('\n');
      const offered = text
        .split('\n')
        .flatMap((line) => /^ {2}(?:-\w, | {4})(--[a-z][a-z0-9-]+)/.exec(line)?.[1] ?? []);
      const documented = section(command)
        .split('\n')
        .filter((line) => line.startsWith('| `-'))
        .flatMap((line) => [...line.split(' | ')[0]!.matchAll(OPTION)].map(([name]) => name));
      expect([...new Set(documented)].sort()).toEqual(offered.filter((name) => name !== '--help').sort());
      expect(offered).toContain('--help');
    },
  );

  test('documents every exit code', () => {
    const codes = [...section('Exit codes').matchAll(/^\| (\d) +\|/gm)].map(([, code]) => Number(code));
    expect(codes).toEqual(Object.values(EXIT));
  });

  test('documents every variable that the help names', async () => {
    const helps = await Promise.all(
      ['serve', 'sign', 'grant', 'inspect'].map((name) => runSignway([name, '--help'])),
    );
    const named = new Set(helps.flatMap(({ stdout }) => stdout.match(/SW_[A-Z_]+/g) ?? []));
    for (const variable of named) expect(section('Environment variables')).toContain(`\`${variable}\``);
    expect(named.size).toBe(10);
  });
});

function section(title: string): string {
  const start = DOCUMENT.search(new RegExp(`^## (?:\`signway )?${title}`, 'm'));
  expect(start).toBeGreaterThan(0);
  const end = DOCUMENT.indexOf('\n## ', start + 1);
  return DOCUMENT.slice(start, end === -1 ? undefined : end);
}
