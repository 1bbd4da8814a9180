import { describe, expect, test } from 'bun:test';
import { CliError } from './cliError.ts';
import { EXIT } from './exitCodes.ts';
import { findSourced } from './secretSources.ts';
import { temporaryFolder } from './testing/temporaryFolder.ts';

/** What `SW_SECRET_FILE` and `--secret-file` give for a file of this content. */
function secretOf(content: string | Uint8Array, options: { lines?: 'many' } = {}): string | CliError {
  using folder = temporaryFolder();
  const file = folder.write('secret', content);
  const find = (names: { file?: string; env: Record<string, string> }) => {
    try {
      return findSourced({ argument: undefined, variable: 'SW_SECRET', warn() {}, ...names, ...options })!
        .text;
    } catch (error) {
      if (error instanceof CliError) return error;
      throw error;
    }
  };
  const named = find({ file, env: {} });
  const fromVariable = find({ env: { SW_SECRET_FILE: file } });
  if (typeof named === 'string') expect(fromVariable).toBe(named);
  else expect(fromVariable).toMatchObject({ exitCode: named.exitCode });
  return named;
}

describe('a file of a secret', () => {
  test.each([
    ['as echo writes it', 'canary\n'],
    ['as editors on Windows write it', 'canary\r\n'],
    ['without a line break', 'canary'],
    ['with empty lines at its end', 'canary\n\r\n\n'],
    ['with a byte-order mark', '\ufeffcanary\n'],
  ])('%s holds the secret alone', (_, content) => expect(secretOf(content)).toBe('canary'));

  test('keeps what belongs to the secret: spaces, and characters of any language', () => {
    expect(secretOf(' 你好 \ufeff\n')).toBe(' 你好 \ufeff');
  });

  test.each<[string, string | Uint8Array, string]>([
    ['a second line', 'canary\nsecond\n', 'more than one line'],
    ['a comment above the secret', '# canary\nsecond\n', 'more than one line'],
    ['a bare carriage return', 'canary\rsecond', 'more than one line'],
    ['nothing', '', 'is empty'],
    ['white space', ' \n\n', 'is empty'],
    ['a byte-order mark alone', '\ufeff', 'is empty'],
    ['the UTF-16 of PowerShell', Buffer.from('\ufeffcanary\r\n', 'utf16le'), 'no UTF-8'],
    ['UTF-16 without its mark', Buffer.from('canary\r\n', 'utf16le'), 'no UTF-8'],
    ['Latin-1', Buffer.from('canary é\n', 'latin1'), 'no UTF-8'],
  ])('with %s is refused with 3, and not repeated', (_, content, says) => {
    const refused = secretOf(content);
    expect(refused).toBeInstanceOf(CliError);
    expect(refused).toMatchObject({ exitCode: EXIT.configuration, message: expect.stringContaining(says) });
    expect(`${(refused as CliError).message} ${(refused as CliError).hint}`).not.toMatch(/canary|second/);
  });
});

test('a file of headers has many lines', () => {
  expect(secretOf('\ufeffa: 1\r\nb: 2\n', { lines: 'many' })).toBe('a: 1\r\nb: 2');
});
