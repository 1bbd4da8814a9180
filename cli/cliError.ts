import type { ExitCode } from './exitCodes.ts';

/**
 * Ends a command with one sentence for a person and an exit code.
 *
 * **Security**: the message is printed. It names options, variables and files, and never repeats a value that
 * could be a secret.
 */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exitCode: ExitCode;
  /** A second line that says what to do. */
  readonly hint: string | undefined;

  constructor(exitCode: ExitCode, message: string, hint?: string) {
    super(message);
    this.exitCode = exitCode;
    this.hint = hint;
  }
}
