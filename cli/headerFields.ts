import { CliError } from './cliError.ts';
import type { ExitCode } from './exitCodes.ts';

export interface HeaderFieldsOptions {
  /** How a message calls the lines: `-H`, `SW_HEADERS`. */
  from: string;
  /** With what a mistake ends the command. */
  exitCode: ExitCode;
}

/**
 * Reads header lines, `Name: value`. Space around the value is dropped (RFC 9110, section 5.5).
 *
 * **Security**: messages count the lines and name headers, and never repeat a value.
 *
 * @throws {CliError} when a line has no colon, a name is no token, a value cannot be sent, a name comes twice,
 * or the header frames the message and is not the operator's to set
 */
export function readHeaderFields(
  lines: readonly string[],
  { from, exitCode }: HeaderFieldsOptions,
): [name: string, value: string][] {
  const seen = new Set<string>();
  return lines.map((line, index) => {
    const where = lines.length === 1 ? from : `${from}, number ${index + 1},`;
    const fail = (problem: string, hint?: string) => new CliError(exitCode, `${where} ${problem}`, hint);
    const colon = line.indexOf(':');
    if (colon < 1) throw fail('is no header', "Write it as 'Name: value'.");
    const name = line.slice(0, colon).trim();
    const value = line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, '');
    if (!TOKEN.test(name)) throw fail('has a name that no header can have', "Write it as 'Name: value'.");
    if (value === '') throw fail(`gives ${name} no value`);
    if (UNSENDABLE.test(value)) throw fail(`gives ${name} a value that no header can carry`);
    const lower = name.toLowerCase();
    if (FRAMING.has(lower)) throw fail(`names ${name}, which the gateway sets itself`);
    if (seen.has(lower)) throw fail(`names ${name} a second time`);
    seen.add(lower);
    return [name, value];
  });
}

/** The header lines of a variable or a file: empty ones and those that begin with `#` are left out. */
export function splitHeaderLines(text: string): string[] {
  return text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

// biome-ignore lint/suspicious/noControlCharactersInRegex: what no header can carry is refused
const UNSENDABLE = /[\u0000-\u0008\u000a-\u001f\u007f\u0100-\uffff]/;

// RFC 9110, section 7.6.1, and RFC 9112, section 6: these belong to a connection, not to a request.
const FRAMING = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);
