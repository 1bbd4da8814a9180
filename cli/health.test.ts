import { describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { EXIT } from './exitCodes.ts';
import { runSignway } from './testing/runSignway.ts';
import { startServe } from './testing/startServe.ts';

const CERTIFICATES = join(import.meta.dir, '..', 'server', 'transport', 'testing', 'certificates');

describe('signway health', () => {
  test.each([
    ['alive', [], 'alive\n'],
    ['ready', ['--ready'], 'ready\n'],
  ])('says that a running gateway is %s', async (_name, args, said) => {
    await using gateway = await startServe(['my-id', 'my-secret']);
    const { port } = new URL(gateway.url);
    // A proxy of the environment is not asked about this machine.
    const env = { PORT: port, HTTP_PROXY: 'http://127.0.0.1:1' };
    expect(await runSignway(['health', ...args], { env })).toEqual({
      stdout: said,
      stderr: '',
      code: EXIT.done,
    });
    expect((await runSignway(['health', gateway.url, ...args])).stdout).toBe(said);
  });

  test('finds one that speaks TLS with a certificate of its own', async () => {
    using server = Bun.serve({
      port: 0,
      tls: {
        cert: Bun.file(join(CERTIFICATES, 'wrong-name.pem')),
        key: Bun.file(join(CERTIFICATES, 'leaf.key.pem')),
      },
      fetch: () => new Response('alive\n'),
    });
    expect((await runSignway(['health'], { env: { PORT: `${server.port}` } })).stdout).toBe('alive\n');
  });

  test('fails with the status of a gateway that is stopping', async () => {
    using server = Bun.serve({ port: 0, fetch: () => new Response('shutting down\n', { status: 503 }) });
    const ran = await runSignway(['health', server.url.href, '--ready']);
    expect(ran).toMatchObject({
      code: EXIT.failed,
      stdout: '',
      stderr: 'error: status 503: shutting down\n',
    });
  });

  test('fails where nothing listens, and where nothing answers in time', async () => {
    const silent = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } });
    const url = `http://127.0.0.1:${silent.port}`;
    expect((await runSignway(['health', url, '--timeout', '50ms'])).stderr).toContain('no answer in time');
    silent.stop(true);
    const ran = await runSignway(['health', url]);
    expect(ran.code).toBe(EXIT.failed);
    expect(ran.stderr).toContain('ECONNREFUSED');
  });

  test.each([[['no-url']], [['ftp://127.0.0.1']], [['http://127.0.0.1', '--timeout', 'soon']]])(
    'refuses %p',
    async (args) => {
      expect((await runSignway(['health', ...args])).code).toBe(EXIT.usage);
    },
  );
});
