import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = join(import.meta.dir, '..', 'transport', 'testing', 'certificates');

/** Where the tests' certificates lie. */
export const FILES = {
  cert: join(FOLDER, 'upstream.pem'),
  /** Of another name. */
  otherCert: join(FOLDER, 'wrong-name.pem'),
  /** Of both. */
  key: join(FOLDER, 'leaf.key.pem'),
  ca: join(FOLDER, 'ca.pem'),
} as const;

/** For 127.0.0.1, by {@link CA}. */
export const TLS = { cert: read(FILES.cert), key: read(FILES.key) };
export const OTHER_TLS = { cert: read(FILES.otherCert), key: TLS.key };
export const CA = read(FILES.ca);

function read(file: string): string {
  return readFileSync(file, 'utf8');
}
