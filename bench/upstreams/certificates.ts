import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Paths of PEM files: an authority, and a certificate of its for `localhost` and 127.0.0.1. */
export interface Certificates {
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

/** Makes the certificates of one run, with openssl, on P-256. */
export async function makeCertificates(folder: string): Promise<Certificates> {
  await writeFile(join(folder, 'leaf.ext'), 'subjectAltName=DNS:localhost,IP:127.0.0.1');
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  await openssl(
    [
      'req',
      '-x509',
      ...newKey,
      '-keyout',
      'ca.key',
      '-out',
      'ca.pem',
      '-days',
      '30',
      '-subj',
      '/CN=Bench CA',
    ],
    folder,
  );
  await openssl(
    ['req', ...newKey, '-keyout', 'leaf.key', '-out', 'leaf.csr', '-subj', '/CN=localhost'],
    folder,
  );
  await openssl(
    [
      ...['x509', '-req', '-in', 'leaf.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial'],
      ...['-out', 'leaf.pem', '-days', '30', '-extfile', 'leaf.ext'],
    ],
    folder,
  );
  return {
    ca: join(folder, 'ca.pem'),
    certificate: join(folder, 'leaf.pem'),
    key: join(folder, 'leaf.key'),
  };
}

async function openssl(args: string[], cwd: string): Promise<void> {
  const child = Bun.spawn(['openssl', ...args], { cwd, stdout: 'ignore', stderr: 'pipe' });
  const said = await new Response(child.stderr).text();
  if ((await child.exited) !== 0) throw new Error(`openssl ${args[0]}: ${said}`);
}
