import { describe, expect, test } from 'bun:test';
import { EXIT } from './exitCodes.ts';
import { runSignway } from './testing/runSignway.ts';

describe('signway', () => {
  test('shows its help on stdout when asked, and on stderr with 2 when given nothing', async () => {
    const [asked, nothing] = await Promise.all([runSignway(['--help']), runSignway([])]);
    expect(asked.code).toBe(EXIT.done);
    expect(asked.stderr).toBe('');
    for (const command of ['serve', 'sign', 'inspect', 'keygen', 'health', 'config', 'init', 'revoke'])
      expect(asked.stdout).toContain(`  ${command}`);
    expect(asked.stdout).toContain('curl "$(signway sign');
    expect(nothing.code).toBe(EXIT.usage);
    expect(nothing.stdout).toBe('');
    expect(nothing.stderr).toBe(asked.stdout);
  });

  test('never takes a single word for the id of a gateway', async () => {
    const env = { SW_SECRET: 'a secret that would do' };
    const { stderr, code } = await runSignway(['status'], { env });
    expect(code).toBe(2);
    expect(stderr).toContain("there is no command 'status'");
  });

  test.each(['--version', '-v', 'version'])('prints its version alone for %s', async (word) => {
    const { stdout, stderr, code } = await runSignway([word]);
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\S*\n$/);
    expect([stderr, code]).toEqual(['', EXIT.done]);
  });

  test.each(['serve', 'sign', 'inspect', 'keygen', 'health'])(
    '%s --help shows usage and examples without colours',
    async (name) => {
      const [long, short] = await Promise.all([runSignway([name, '--help']), runSignway([name, '-h'])]);
      expect(long.code).toBe(EXIT.done);
      expect(long.stdout).toContain(`Usage\n  signway ${name}`);
      expect(long.stdout).toContain('Examples\n');
      expect(long.stdout).not.toContain('\u001b');
      expect(short.stdout).toBe(long.stdout);
    },
  );

  test.each(['serve', 'sign', 'grant', 'inspect', 'keygen'])(
    '%s --help leaves two spaces between an option and what it does',
    async (name) => {
      const { stdout } = await runSignway([name, '--help']);
      const described = stdout.split('\n\n').filter((section) => !section.startsWith('Examples'));
      const options = described
        .join('\n')
        .split('\n')
        .filter((line) => /^ {2}(?:-\w, | {4})--/.test(line));
      expect(options.length).toBeGreaterThan(1);
      for (const line of options)
        expect(line).toMatch(/^ {2}(?:-\w, | {4})--[a-z-]+(?: <[^>]+>)?(?: {2,}\S|$)/);
      for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(104);
    },
  );

  test('an unknown option is refused with the nearest name and without its value', async () => {
    const { stdout, stderr, code } = await runSignway(['serve', '--secret-fil=hunter2']);
    expect([stdout, code]).toEqual(['', EXIT.usage]);
    expect(stderr).toContain('unknown option --secret-fil\n');
    expect(stderr).toContain('Did you mean --secret-file?');
    expect(stderr).not.toContain('hunter2');
  });

  test('a mistyped command is not taken for the id of an app', async () => {
    const { stderr, code } = await runSignway(['sgin', 'https://api.example.com/']);
    expect(code).toBe(EXIT.usage);
    expect(stderr).toContain('Did you mean signway sign?');
  });
});
