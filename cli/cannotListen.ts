import { CliError } from './cliError.ts';
import { EXIT } from './exitCodes.ts';

/** What a person is told when the system does not let a gateway listen. */
export function cannotListen(
  error: unknown,
  { port, hostname }: { port: number; hostname: string | undefined },
): CliError {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE') {
    return new CliError(
      EXIT.failed,
      `port ${port} is in use`,
      'Choose another one with --port, or 0 for any.',
    );
  }
  if (code === 'EACCES') {
    return new CliError(
      EXIT.failed,
      `port ${port} may not be listened on by this user`,
      'Choose one above 1023.',
    );
  }
  const where = hostname === undefined ? `port ${port}` : `${hostname}, port ${port},`;
  return new CliError(EXIT.failed, `${where} cannot be listened on: ${code ?? 'unknown reason'}`);
}
