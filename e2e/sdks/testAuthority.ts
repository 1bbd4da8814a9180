import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A certificate for public names, of an authority that nobody else trusts. */
export interface TestCertificate extends AsyncDisposable {
  /** The file of the authority's certificate, for `--upstream-ca`. */
  readonly caFile: string;
  readonly key: string;
  readonly cert: string;
}

/** Makes it with OpenSSL, in a folder of its own that is removed in the end. The authority's key never leaves it. */
export async function makeCertificate(names: readonly string[]): Promise<TestCertificate> {
  const folder = await mkdtemp(join(tmpdir(), 'signway-ca-'));
  const file = (name: string) => join(folder, name);
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const extensions = `subjectAltName=${names.map((name) => `DNS:${name}`).join(',')}\n`;
  await writeFile(file('extensions'), extensions);
  await openssl([
    ...['req', '-x509', ...newKey, '-days', '2', '-subj', '/CN=Signway test authority'],
    ...['-keyout', file('ca.key'), '-out', file('ca.pem')],
  ]);
  await openssl([
    ...['req', '-new', ...newKey, '-subj', '/CN=Signway test upstream'],
    ...['-keyout', file('leaf.key'), '-out', file('leaf.csr')],
  ]);
  await openssl([
    ...['x509', '-req', '-in', file('leaf.csr'), '-days', '2', '-extfile', file('extensions')],
    ...['-CA', file('ca.pem'), '-CAkey', file('ca.key'), '-CAcreateserial', '-out', file('leaf.pem')],
  ]);
  return {
    caFile: file('ca.pem'),
    key: await Bun.file(file('leaf.key')).text(),
    cert: await Bun.file(file('leaf.pem')).text(),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
}

async function openssl(args: readonly string[]): Promise<void> {
  const child = Bun.spawn(['openssl', ...args], { stdout: 'ignore', stderr: 'pipe' });
  const said = await new Response(child.stderr).text();
  if ((await child.exited) !== 0) throw new Error(said);
}
