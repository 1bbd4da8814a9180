import type { Tls } from '../server/index.ts';
import { CliError } from './cliError.ts';
import type { Messages } from './messages.ts';
import { readTlsFiles, type TlsFiles } from './tlsFiles.ts';
import { watchFile } from './watchFile.ts';

export interface TlsRenewalOptions {
  readonly messages: Messages;
  /** What the gateway began with. */
  readonly inForce: Tls;
  /** Puts a certificate in force for new connections. */
  renew(tls: Tls): void;
}

/**
 * Puts a certificate in force as soon as its files change. Files that cannot be used, one of a pair that is not
 * written yet among them, leave the old one in force, which is said. Gives the function that ends it.
 */
export function renewTlsOnChange(files: TlsFiles, options: TlsRenewalOptions): () => void {
  const { messages, renew } = options;
  let { inForce } = options;
  const unwatch = [files.cert, files.key].map((path) => watchFile(path, renewNow));
  return () => {
    for (const each of unwatch) each();
  };

  function renewNow(): void {
    try {
      const next = readTlsFiles(files, { warn: (message) => messages.warn(message) });
      // Both files are new, and the other has been told of.
      if (next.cert === inForce.cert && next.key === inForce.key) return;
      renew(next);
      inForce = next;
      messages.success(`New connections get the certificate that is in ${files.cert} now`);
    } catch (error) {
      const reason = error instanceof CliError ? error.message : (error as NodeJS.ErrnoException).code;
      messages.error(`the old certificate stays in force: ${reason ?? 'unknown reason'}`);
    }
  }
}
