import { createSecureContext } from 'node:tls';
import { readSecretFile } from '../config/secretFile.ts';
import type { Tls } from '../server/index.ts';
import { CliError } from './cliError.ts';
import type { ServeLine } from './commandLineApp.ts';
import { EXIT } from './exitCodes.ts';
import { type Given, given } from './given.ts';

/** Where a certificate, with those between it and its authority, and its key lie, both as PEM. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
}

/**
 * The files that the command line or the environment names; null where neither does.
 *
 * @throws {CliError} 2, or 3 for the environment, when one is named without the other
 */
export function findTlsFiles(
  line: Pick<ServeLine, 'value'>,
  env: Readonly<Record<string, string | undefined>>,
): TlsFiles | null {
  const cert = given(line.value('tls-cert'), { option: '--tls-cert', variable: 'SW_TLS_CERT', env });
  const key = given(line.value('tls-key'), { option: '--tls-key', variable: 'SW_TLS_KEY', env });
  if (cert === undefined && key === undefined) return null;
  if (cert === undefined) throw alone(key!, '--tls-cert');
  if (key === undefined) throw alone(cert, '--tls-key');
  return { cert: cert.text, key: key.text };
}

function alone({ name, exitCode }: Given, other: string): CliError {
  return new CliError(exitCode, `${name} needs ${other} beside it`);
}

/**
 * Reads both, and checks that they belong together.
 *
 * **Security**: a message names the files and OpenSSL's code, never what they hold. `warn` is told of a key that
 * others can read.
 *
 * @throws {CliError} 3
 */
export function readTlsFiles(files: TlsFiles, { warn }: { warn(message: string): void }): Tls {
  const cert = readPem(files.cert, 'CERTIFICATE').text;
  const key = readPem(files.key, 'PRIVATE KEY');
  if (key.open) {
    warn(
      `${files.key} holds a private key and can be read by every user of this machine: chmod 600 ${files.key}`,
    );
  }
  try {
    createSecureContext({ cert, key: key.text });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown reason';
    throw new CliError(
      EXIT.configuration,
      `the certificate in ${files.cert} and the key in ${files.key} cannot be used: ${code}`,
    );
  }
  return { cert, key: key.text };
}

function readPem(path: string, what: 'CERTIFICATE' | 'PRIVATE KEY'): { text: string; open: boolean } {
  const read = readSecretFile(path, { lines: 'many' });
  if ('problem' in read) throw new CliError(EXIT.configuration, `${path} ${read.problem}`);
  if (!new RegExp(`-----BEGIN [A-Z ]*${what}-----`).test(read.text)) {
    throw new CliError(EXIT.configuration, `${path} holds no PEM ${what.toLowerCase()}`);
  }
  return read;
}
