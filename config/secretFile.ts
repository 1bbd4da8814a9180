import { readFileSync, statSync } from 'node:fs';

/** The text of a file, or what is wrong with the file, as what follows its name in a sentence. */
export type SecretFile =
  | {
      readonly text: string;
      /** Whether every user of the machine can read it. */
      readonly open: boolean;
    }
  | { readonly problem: string };

/**
 * Reads a file of a secret, or of several lines of them: UTF-8, without what editors and shells add, a byte-order
 * mark and line breaks at its end. A secret is one line; a second one is somebody's mistake, and would be signed with.
 *
 * **Security**: a problem never repeats what the file holds.
 */
export function readSecretFile(path: string, { lines = 'one' }: { lines?: 'one' | 'many' } = {}): SecretFile {
  let bytes: Uint8Array;
  let mode: number;
  try {
    bytes = readFileSync(path);
    mode = statSync(path).mode;
  } catch (error) {
    return { problem: `cannot be read: ${(error as NodeJS.ErrnoException).code ?? 'unknown reason'}` };
  }
  const text = decodeUtf8(bytes)?.replace(/[\r\n]+$/, '');
  if (text === undefined) return { problem: 'holds no UTF-8 text' };
  if (text.trim() === '') return { problem: 'is empty' };
  if (lines === 'one' && /[\r\n]/.test(text)) return { problem: 'holds more than one line' };
  return { text, open: (mode & 0o007) !== 0 };
}

/** Without its byte-order mark; undefined where the bytes are no UTF-8 or hold a NUL, as UTF-16 does. */
function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return text.includes('\0') ? undefined : text;
  } catch {
    return undefined;
  }
}
