import { describe, expect, test } from 'bun:test';
import { startServe } from '../../cli/testing/startServe.ts';
import { signUrl } from '../../signing/signUrl.ts';
import { FILES } from '../testing/certificates.ts';
import { startUpstream } from '../testing/scriptedUpstream.ts';
import { type RawConnection, startRawUpstream } from '../transport/testing/rawUpstream.ts';

const VARIABLES = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'http_proxy', 'https_proxy', 'all_proxy'];
const SECRET = 'a secret of the test that is long enough';

describe.each(['http1', 'fetch'])('transport %s', (transport) => {
  test('never goes through a proxy that the environment names', async () => {
    const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nupstream';
    await using upstream = await startUpstream(({ send }) => send(ok));
    await using proxy = await startUpstream(({ send }) => send(ok.replace('upstream', 'by proxy')));
    const env = Object.fromEntries(VARIABLES.map((name) => [name, proxy.origin]));
    await using gateway = await startServe(
      ['serve', 'my-id', '--transport', transport, '--allow-network', '127.0.0.0/8'],
      { env: { ...env, NO_PROXY: '', SW_SECRET: SECRET } },
    );
    const url = signUrl({
      id: 'my-id',
      secret: SECRET,
      host: gateway.url,
      proxyUrl: `${upstream.origin}/`,
      expiry: 60,
      method: 'GET',
    });
    expect(await (await fetch(url)).text()).toBe('upstream');
    expect([upstream.accepted, proxy.accepted]).toEqual([1, 0]);
  }, 30_000);

  test.each(['untrusted', 'wrong-name', 'expired'] as const)(
    'never takes the certificate %s, though the environment switches the check off',
    async (certificate) => {
      const script = (connection: RawConnection) =>
        connection.send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
      await using upstream = await startRawUpstream(script, { certificate });
      const pin = `upstream.test:${upstream.port}:127.0.0.1`;
      await using gateway = await startServe(
        ['serve', 'my-id', '--transport', transport, '--upstream-ca', FILES.ca, '--resolve', pin],
        { env: { NODE_TLS_REJECT_UNAUTHORIZED: '0', SW_SECRET: SECRET } },
      );
      const url = signUrl({
        id: 'my-id',
        secret: SECRET,
        host: gateway.url,
        proxyUrl: `https://upstream.test:${upstream.port}/`,
        expiry: 60,
        method: 'GET',
      });
      expect((await fetch(url)).headers.get('x-sw-error')).toBe('upstream_unreachable');
      expect([upstream.accepted, upstream.bytes]).toEqual([1, 0]);
    },
    30_000,
  );
});
