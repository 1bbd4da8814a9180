import { readSecretFile } from '../config/secretFile.ts';
import { CliError } from './cliError.ts';
import { EXIT } from './exitCodes.ts';

/** A value that may be a secret, and where it came from. */
export interface Sourced {
  readonly text: string;
  readonly source: Source;
}

export type Source = 'argument' | 'environment' | 'file';

export interface SourceNames {
  /** What was given on the command line. */
  argument: string | undefined;
  /** A file that the command line names. */
  file?: string | undefined;
  /** The environment variable that holds the value. A file is named by the same with `_FILE`. */
  variable: string;
  /** Whether a file may hold several lines. Default: one; a secret has no more. */
  lines?: 'one' | 'many';
  env: Readonly<Record<string, string | undefined>>;
  /** Told of a file that others can read. */
  warn(message: string): void;
}

/**
 * Finds a value: on the command line, else in the file it names, else in the variable, else in the file that
 * the variable with `_FILE` names. An empty variable counts as unset, as compose files write it.
 *
 * **Security**: messages name the variable and the file, never what they hold.
 *
 * @throws {CliError} 2 when the command line names both a value and a file; 3 when the environment does, or
 * when a file cannot be
 * read, is empty, no UTF-8, or holds more lines than it may
 */
export function findSourced(names: SourceNames): Sourced | undefined {
  const { argument, file, variable, lines = 'one', env, warn } = names;
  if (argument !== undefined && file !== undefined) {
    throw new CliError(EXIT.usage, `${variable} is given on the command line both as a value and as a file`);
  }
  if (argument !== undefined) return { text: argument, source: 'argument' };
  if (file !== undefined) return { text: textOfFile(file, { lines, warn }), source: 'file' };

  const value = env[variable] || undefined;
  const valueFile = env[`${variable}_FILE`] || undefined;
  if (value !== undefined && valueFile !== undefined) {
    throw new CliError(
      EXIT.configuration,
      `${variable} and ${variable}_FILE are both set`,
      'Unset one of them.',
    );
  }
  if (value !== undefined) return { text: value, source: 'environment' };
  if (valueFile === undefined) return undefined;
  const text = textOfFile(valueFile, { lines, warn, variable: `${variable}_FILE` });
  return { text, source: 'file' };
}

interface SecretFileOptions extends Required<Pick<SourceNames, 'lines' | 'warn'>> {
  /** The variable that names it. */
  variable?: string;
}

function textOfFile(path: string, { lines, warn, variable }: SecretFileOptions): string {
  const file = variable === undefined ? path : `${path} (${variable})`;
  const read = readSecretFile(path, { lines });
  if ('problem' in read) throw new CliError(EXIT.configuration, `${file} ${read.problem}`);
  if (read.open) {
    warn(`${file} holds secrets and can be read by every user of this machine: chmod 600 ${path}`);
  }
  return read.text;
}
