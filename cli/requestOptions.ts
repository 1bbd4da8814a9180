import { readFileSync } from 'node:fs';
import { CliError } from './cliError.ts';
import type { OptionsDef } from './commandLine.ts';
import { EXIT } from './exitCodes.ts';
import { readHeaderFields } from './headerFields.ts';
import type { Terminal } from './terminal.ts';

/** The options that describe the request a URL is signed for. */
export const REQUEST_OPTIONS = {
  method: {
    type: 'string',
    alias: ['X'],
    group: 'The request',
    valueHint: 'method',
    description: 'Its method (GET, or POST with a body)',
  },
  header: {
    type: 'string',
    alias: ['H'],
    repeatable: true,
    group: 'The request',
    valueHint: 'name: value',
    description: 'A header it must carry; repeatable',
  },
  body: {
    type: 'string',
    group: 'The request',
    valueHint: 'text|@file|-',
    description: 'The body it must carry: text, a file, or - for stdin (any body)',
  },
} as const satisfies OptionsDef;

/**
 * Reads `-H` options as an object of headers that can be signed (docs/protocol.md, "What is signed").
 *
 * @throws {CliError} 2
 */
export function readSignedHeaders(lines: readonly string[]): Record<string, string> {
  const fields = readHeaderFields(lines, { from: '-H', exitCode: EXIT.usage });
  for (const [name, value] of fields) {
    if (/[^\t -~]/.test(value)) {
      throw new CliError(
        EXIT.usage,
        `-H gives '${name}' a value that is not ASCII alone, and clients differ in how they send others`,
        'Encode it before it is signed and sent, by percent-encoding for example.',
      );
    }
  }
  // fromEntries makes own properties of every name, `__proto__` included.
  return Object.fromEntries(fields);
}

/**
 * Reads `--body`: the text itself, `@FILE` the bytes of a file, `-` those of standard input.
 *
 * @throws {CliError} 1 when the file cannot be read
 */
export async function readBody(
  text: string | undefined,
  terminal: Pick<Terminal, 'readStdin'>,
): Promise<Uint8Array | undefined> {
  if (text === undefined) return undefined;
  if (text === '-') return terminal.readStdin();
  if (!text.startsWith('@')) return new TextEncoder().encode(text);
  try {
    return readFileSync(text.slice(1));
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'unknown reason';
    throw new CliError(EXIT.failed, `--body: ${text.slice(1)} cannot be read: ${reason}`);
  }
}
