import { describe, expect, test } from 'bun:test';
import { generateKeyPairSync } from 'node:crypto';
import { FILES, OTHER_TLS, TLS } from '../server/testing/certificates.ts';
import { Http2Client } from '../server/testing/http2Client.ts';
import { startUpstream } from '../server/testing/scriptedUpstream.ts';
import { signUrl } from '../signing/index.ts';
import { EXIT } from './exitCodes.ts';
import { runSignway } from './testing/runSignway.ts';
import { startServe } from './testing/startServe.ts';
import { type TemporaryFolder, temporaryFolder } from './testing/temporaryFolder.ts';

const SECRET = 'a-secret-of-more-than-32-bytes-abcdefgh';
const APP = ['my-id', SECRET, '--allow-network', '127.0.0.0/8'];
const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n';

const signed = (host: string, proxyUrl: string) =>
  signUrl({ id: 'my-id', secret: SECRET, host, proxyUrl, method: 'GET', expiry: 60 });

/** A certificate and its key in files of their own. */
function written(folder: TemporaryFolder, { cert, key } = TLS) {
  return { cert: folder.write('cert.pem', cert), key: folder.write('key.pem', key) };
}

describe('signway serve with a certificate', () => {
  test('listens for HTTP/2 over TLS', async () => {
    await using upstream = await startUpstream(({ send }) =>
      send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi'),
    );
    await using gateway = await startServe(APP, {
      env: { SW_TLS_CERT: FILES.cert, SW_TLS_KEY: FILES.key },
    });
    expect(gateway.url).toStartWith('https://127.0.0.1:');
    using client = new Http2Client(gateway.url);
    const request = client.request(signed(gateway.url, `${upstream.origin}/`));
    expect([await request.finished(), request.received]).toEqual(['whole', 'hi']);
    gateway.kill('SIGTERM');
    expect(await gateway.exited).toBe(EXIT.done);
    expect(JSON.parse(await gateway.stdout)).toMatchObject({ status: 200, bytesIn: 0, bytesOut: 2 });
  }, 30_000);

  test('takes a renewed one without losing a stream, and keeps the old one where the new one is bad', async () => {
    using folder = temporaryFolder();
    const { cert, key } = written(folder);
    await using upstream = await startUpstream(({ send }) => send(`${HEAD}b\r\ndata: one\n\n\r\n`));
    await using gateway = await startServe([...APP, '--tls-cert', cert, '--tls-key', key]);
    using client = new Http2Client(gateway.url);
    const request = client.request(signed(gateway.url, `${upstream.origin}/`));
    await request.receive(/one/);

    folder.write('cert.pem', OTHER_TLS.cert.slice(0, 100));
    await gateway.stderr(/the old certificate stays in force: .*ERR_OSSL_/);
    using meanwhile = new Http2Client(gateway.url);
    expect(await meanwhile.certificate).toContain('DNS:upstream.test');

    folder.write('cert.pem', OTHER_TLS.cert);
    await gateway.stderr(/New connections get the certificate/);
    using later = new Http2Client(gateway.url, { checksName: false });
    expect(await later.certificate).toContain('DNS:other.test');

    (await upstream.next()).send('b\r\ndata: two\n\n\r\n0\r\n\r\n');
    expect([await request.finished(), request.received]).toEqual(['whole', 'data: one\n\ndata: two\n\n']);
  }, 30_000);

  test('warns of a key that others can read', async () => {
    using folder = temporaryFolder();
    const key = folder.write('key.pem', TLS.key, 0o644);
    await using gateway = await startServe([...APP, '--tls-cert', FILES.cert, '--tls-key', key]);
    expect(await gateway.stderr(/Listening/)).toMatch(/warning: .*key\.pem holds a private key .*chmod 600/);
  }, 30_000);

  test('is healthy for `signway health`', async () => {
    await using gateway = await startServe([...APP, '--tls-cert', FILES.cert, '--tls-key', FILES.key]);
    expect((await runSignway(['health', gateway.url])).code).toBe(EXIT.done);
  }, 30_000);

  test.each([
    [
      'a certificate alone',
      ['--tls-cert', FILES.cert],
      {},
      EXIT.usage,
      '--tls-cert needs --tls-key beside it',
    ],
    [
      'a key alone',
      [],
      { SW_TLS_KEY: FILES.key },
      EXIT.configuration,
      'SW_TLS_KEY needs --tls-cert beside it',
    ],
    [
      'a front that speaks no TLS',
      ['--tls-cert', FILES.cert, '--tls-key', FILES.key, '--front', 'http1'],
      {},
      EXIT.usage,
      '--front http1 speaks no TLS',
    ],
    [
      'a file that is not there',
      ['--tls-cert', '/no/such.pem', '--tls-key', FILES.key],
      {},
      EXIT.configuration,
      '/no/such.pem cannot be read: ENOENT',
    ],
    [
      'a key for a certificate',
      ['--tls-cert', FILES.key, '--tls-key', FILES.key],
      {},
      EXIT.configuration,
      'holds no PEM certificate',
    ],
  ])('refuses %s', async (_, args, env, code, message) => {
    const ran = await runSignway([...APP, '--port', '0', ...args], { env: env as Record<string, string> });
    expect([ran.code, ran.stderr]).toEqual([code, expect.stringContaining(message)]);
  });

  test('refuses a key that is not of the certificate, and shows neither', async () => {
    using folder = temporaryFolder();
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const key = folder.write('key.pem', privateKey.export({ type: 'pkcs8', format: 'pem' }));
    const ran = await runSignway([...APP, '--port', '0', '--tls-cert', FILES.cert, '--tls-key', key]);
    expect(ran.code).toBe(EXIT.configuration);
    expect(ran.stderr).toContain('cannot be used: ERR_OSSL_X509_KEY_VALUES_MISMATCH');
    expect(ran.stderr).not.toContain('-----');
  });
});
