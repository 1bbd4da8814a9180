import { describe, expect, setDefaultTimeout, test } from 'bun:test';
import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startUpstream } from '../server/testing/scriptedUpstream.ts';
import { signUrl } from '../signing/index.ts';
import { EXIT } from './exitCodes.ts';
import { runSignway } from './testing/runSignway.ts';
import { startServe } from './testing/startServe.ts';
import { temporaryFolder } from './testing/temporaryFolder.ts';

// Machines are slow and loaded, and nothing here is about time.
setDefaultTimeout(60_000);

const OK = 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi';
const OLD = 'old-secret'.repeat(4);
const NEW = 'new-secret'.repeat(4);

/** A configuration whose one app calls one upstream. */
function configFor(origin: string, secrets: readonly string[], app: object = {}, rest: object = {}): string {
  const apps = [{ id: 'app', secrets, upstreams: [{ origin, headers: { 'X-Key': 'k' } }], ...app }];
  return JSON.stringify({ allowNetworks: ['127.0.0.0/8'], apps, ...rest });
}

const askWith = async (secret: string, { url, origin }: { url: string; origin: string }) => {
  const options = { id: 'app', secret, host: url, proxyUrl: `${origin}/`, expiry: 60, method: 'GET' };
  const response = await fetch(signUrl(options));
  return response.headers.get('x-sw-error') ?? response.status;
};

describe('signway serve with a configuration file', () => {
  test('serves its apps, and takes no app beside them', async () => {
    using folder = temporaryFolder();
    await using upstream = await startUpstream((connection) => connection.send(OK));
    const path = folder.write('signway.config.json', configFor(upstream.origin, [OLD]));
    await using serve = await startServe(['serve', '--config', path]);
    expect(await askWith(OLD, { url: serve.url, origin: upstream.origin })).toBe(200);
    expect((await upstream.next()).received).toContain('X-Key: k');
    const { stderr, code } = await runSignway(['serve', 'id', 'secret', '--config', path]);
    expect([code, stderr]).toEqual([EXIT.usage, expect.stringContaining('ID describes another')]);
  });

  test('does not start with a file that cannot be used', async () => {
    using folder = temporaryFolder();
    const path = folder.write('signway.config.json', configFor('ftp://example.com', []));
    const { stderr, code } = await runSignway(['serve', '--config', path]);
    expect([code, stderr]).toEqual([EXIT.configuration, expect.stringContaining('wrong in')]);
  });

  test('rotates a secret by SIGHUP; a bad file changes nothing', async () => {
    using folder = temporaryFolder();
    await using upstream = await startUpstream((connection) => connection.send(OK));
    const { origin } = upstream;
    const path = folder.write('signway.config.json', configFor(origin, [OLD]));
    await using serve = await startServe(['serve', '--config', path]);
    const target = { url: serve.url, origin };
    expect([await askWith(OLD, target), await askWith(NEW, target)]).toEqual([200, 'signature_mismatch']);

    writeFileSync(path, configFor(origin, [OLD, NEW]));
    process.kill(serve.pid, 'SIGHUP');
    await serve.stderr(/Reloaded/);
    expect([await askWith(OLD, target), await askWith(NEW, target)]).toEqual([200, 200]);

    writeFileSync(path, '{ "apps": [');
    process.kill(serve.pid, 'SIGHUP');
    await serve.stderr(/is not used, and what was in force stays so/);
    expect([await askWith(OLD, target), await askWith(NEW, target)]).toEqual([200, 200]);

    writeFileSync(path, configFor(origin, [NEW]));
    process.kill(serve.pid, 'SIGHUP');
    await serve.stderr(/Reloaded[\s\S]*Reloaded/);
    expect([await askWith(OLD, target), await askWith(NEW, target)]).toEqual(['signature_mismatch', 200]);
  });

  test('reads the file again when it changes, if it is told to, and says what waits for a restart', async () => {
    using folder = temporaryFolder();
    await using upstream = await startUpstream((connection) => connection.send(OK));
    const { origin } = upstream;
    const path = folder.write('signway.config.json', configFor(origin, [OLD], {}, { reloadOnChange: true }));
    await using serve = await startServe(['serve', '--config', path]);
    const limits = { sendTimeout: '7s', maxUrlLength: '12KiB', maxBody: '1KiB' };
    writeFileSync(path, configFor(origin, [NEW], {}, { reloadOnChange: true, drain: '7s', limits }));
    const said = await serve.stderr(/Reloaded/);
    expect(said).toContain('warning: drain, limits.sendTimeout will change at the next start');
    expect(await askWith(NEW, { url: serve.url, origin })).toBe(200);
  });

  test('reads it again when a link to its folder is turned, as Kubernetes does', async () => {
    using folder = temporaryFolder();
    await using upstream = await startUpstream((connection) => connection.send(OK));
    const { origin } = upstream;
    const root = join(folder.write('root', ''), '..');
    const publish = (version: string, secret: string) => {
      mkdirSync(join(root, version));
      const text = configFor(origin, [secret], {}, { reloadOnChange: true });
      writeFileSync(join(root, version, 'signway.config.json'), text);
      symlinkSync(version, join(root, '..data_tmp'));
      renameSync(join(root, '..data_tmp'), join(root, '..data'));
    };
    publish('..one', OLD);
    symlinkSync('..data/signway.config.json', join(root, 'signway.config.json'));
    await using serve = await startServe(['serve', '--config', join(root, 'signway.config.json')]);
    publish('..two', NEW);
    await serve.stderr(/Reloaded/);
    expect(await askWith(NEW, { url: serve.url, origin })).toBe(200);
  });

  test('is found in the working directory, unless an app is named', async () => {
    using folder = temporaryFolder();
    const path = folder.write('signway.config.json', '{');
    const serve = async (args: string[]) => {
      const child = Bun.spawn([process.execPath, join(import.meta.dir, 'main.ts'), ...args], {
        cwd: join(path, '..'),
        env: { PATH: process.env.PATH },
        stderr: 'pipe',
      });
      return new Response(child.stderr).text();
    };
    expect(await serve(['serve'])).toContain('signway.config.json:1:2 is not JSON');
    expect(await serve(['serve', 'id'])).toContain("app 'id' has no secret");
  });

  test('starts without its Redis, and says that it is away, without its password', async () => {
    using folder = temporaryFolder();
    const store = { redis: 'redis://:canary@127.0.0.1:1' };
    const path = folder.write('signway.config.json', configFor('http://127.0.0.1:9', [OLD], {}, { store }));
    await using serve = await startServe(['serve', '--config', path]);
    const said = await serve.stderr(/Listening/);
    expect(said).toContain('the store cannot be asked at the moment');
    expect(said).not.toContain('canary');
  });

  test('keeps the uses of nonces in the store it names, over a restart', async () => {
    using folder = temporaryFolder();
    await using upstream = await startUpstream((connection) => connection.send(OK));
    const { origin } = upstream;
    const path = folder.write(
      'signway.config.json',
      configFor(origin, [OLD], {}, { store: { sqlite: 'uses.db' } }),
    );
    const answers: (string | number)[] = [];
    for (let start = 0; start < 2; start++) {
      await using serve = await startServe(['serve', '--config', path]);
      const options = {
        id: 'app',
        secret: OLD,
        host: serve.url,
        proxyUrl: `${origin}/`,
        expiry: 60,
        method: 'GET',
      };
      const response = await fetch(signUrl({ ...options, nonce: 'once' }));
      answers.push(response.headers.get('x-sw-error') ?? response.status);
    }
    expect(answers).toEqual([200, 'already_used']);
  });
});
