import { describe, expect, test } from 'bun:test';
import { signUrl } from '../signing/index.ts';
import { EXIT } from './exitCodes.ts';
import { runSignway } from './testing/runSignway.ts';
import { startServe } from './testing/startServe.ts';
import { temporaryFolder } from './testing/temporaryFolder.ts';

const SECRET = 'a-secret-of-more-than-32-bytes-abcdefgh';
const NETWORK = ['--allow-network', '127.0.0.0/8'];

function signed(host: string, proxyUrl: string): string {
  return signUrl({ id: 'my-id', secret: SECRET, host, proxyUrl, method: 'GET', expiry: 60 });
}

function startUpstream() {
  return Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch: (request) => Response.json(Object.fromEntries(request.headers)),
  });
}

describe('signway serve', () => {
  test.each([
    ['serve with an argument', ['serve', 'my-id', SECRET, '-H', 'Authorization: Bearer canary'], {}],
    ['the bare form', ['my-id', SECRET, '--header', 'Authorization:Bearer canary', '--no-bytes-monitor'], {}],
    [
      "the gateway's own transport",
      ['my-id', SECRET, '-H', 'authorization:Bearer canary', '--transport', 'http1'],
      {},
    ],
    ["the published README's -h", ['my-id', SECRET, '-h', 'Authorization:Bearer canary'], {}],
    [
      'the environment',
      ['serve'],
      { SW_ID: 'my-id', SW_SECRET: SECRET, SW_HEADERS: '# the key\nAuthorization: Bearer canary\n' },
    ],
  ])('adds the header of %s, and writes a line for each exchange', async (_, args, env) => {
    using upstream = startUpstream();
    await using gateway = await startServe([...args, ...NETWORK], { env: env as Record<string, string> });
    const answer = await fetch(signed(gateway.url, `${upstream.url}x?q=canary2`));
    expect(await answer.json()).toMatchObject({ authorization: 'Bearer canary' });
    gateway.kill('SIGTERM');
    expect(await gateway.exited).toBe(EXIT.done);

    const stdout = await gateway.stdout;
    if (args.includes('--no-bytes-monitor')) expect(stdout).toBe('');
    else expect(JSON.parse(stdout)).toMatchObject({ app: 'my-id', status: 200, ending: 'complete' });
    for (const text of [stdout, await gateway.stderr(/./)]) {
      for (const secret of ['canary', SECRET, 'X-Sw-Signature']) expect(text).not.toContain(secret);
    }
  });

  test('warns what a leaked secret would cost, of a short secret and of secrets in arguments', async () => {
    await using gateway = await startServe(['my-id', 'short', '-H', 'X-Api-Key: canary']);
    const said = await gateway.stderr(/Listening/);
    expect(said).toMatch(/warning: every upstream is allowed.*'my-id'.*X-Api-Key.*--allow-upstream https:/);
    expect(said).toContain("warning: the secret of app 'my-id' has 5 bytes");
    expect(said).toMatch(/warning: the secret, X-Api-Key are on the command line/);
  });

  test('says nothing but where it listens when there is nothing to warn of', async () => {
    using folder = temporaryFolder();
    const file = folder.write('headers', 'X-Api-Key: canary\n');
    await using gateway = await startServe(['serve', '--allow-upstream', 'https://api.example.com'], {
      env: { SW_ID: 'my-id', SW_SECRET: SECRET, SW_HEADERS_FILE: file },
    });
    expect(await gateway.stderr(/Listening/)).toMatch(
      /^Listening on http:\/\/127\.0\.0\.1:\d+\/ for app 'my-id'\n$/,
    );
  });

  test('a port in use is said so, with 1', async () => {
    using taken = startUpstream();
    const args = ['serve', 'my-id', SECRET, '--host', '127.0.0.1', '-p', String(taken.port)];
    const { stdout, stderr, code } = await runSignway(args);
    expect([stdout, code]).toEqual(['', EXIT.failed]);
    expect(stderr).toContain(`port ${taken.port} is in use`);
  });

  test('a port that another gateway listens on is in use too', async () => {
    await using first = await startServe(['my-id', SECRET]);
    const { port } = new URL(first.url);
    const { stderr, code } = await runSignway(['my-id', SECRET, '--host', '127.0.0.1', '-p', port]);
    expect(stderr).toContain(`port ${port} is in use`);
    expect(code).toBe(EXIT.failed);
  }, 5000);

  const UP = ['--allow-upstream', 'https://a.example'];
  test.each([
    ['no id', [], {}, EXIT.usage, 'no app id'],
    ['no secret', ['my-id'], {}, EXIT.usage, 'has no secret'],
    ['an id with a slash', ['a/b', SECRET], {}, EXIT.usage, 'the app id must hold no slash'],
    ['an empty id', ['', SECRET], {}, EXIT.usage, 'the app id is empty'],
    ['an empty secret', ['a', ''], {}, EXIT.usage, 'the secret is empty'],
    [
      'SW_ID with a slash',
      [],
      { SW_ID: 'a/b', SW_SECRET: SECRET },
      EXIT.configuration,
      'SW_ID must hold no slash',
    ],
    ['a port of letters', ['a', SECRET, '-p', 'x'], {}, EXIT.usage, '--port must be'],
    ['PORT of letters', ['a', SECRET], { PORT: 'x' }, EXIT.configuration, 'PORT must be'],
    ['a size of letters', ['a', SECRET, '--max-body', 'x'], {}, EXIT.usage, '--max-body must be'],
    ['a time of letters', ['a', SECRET, '--head-timeout', 'x'], {}, EXIT.usage, '--head-timeout must be'],
    ['a drain of letters', ['a', SECRET, '--drain', 'x'], {}, EXIT.usage, '--drain must be'],
    ['an upstream that is none', ['a', SECRET, '--allow-upstream', 'x'], {}, EXIT.usage, '--allow-upstream'],
    [
      'a network that is none',
      ['a', SECRET, '--allow-network', 'x'],
      {},
      EXIT.usage,
      '--allow-network must be',
    ],
    ['a pin without an address', ['a', SECRET, '--resolve', 'a:1:b'], {}, EXIT.usage, '--resolve must be'],
    ['a list to try out that is none', ['a', SECRET, '--report-only'], {}, EXIT.usage, 'there is none'],
    ['a front that is none', ['a', SECRET, '--front', 'x'], {}, EXIT.usage, '--front must be'],
    ['a transport that is none', ['a', SECRET, '--transport', 'x'], {}, EXIT.usage, '--transport must be'],
    [
      'an authority that is not there',
      ['a', SECRET, '--upstream-ca', '/no/such'],
      {},
      EXIT.configuration,
      'ENOENT',
    ],
    [
      'an authority that is none',
      ['a', SECRET, '--upstream-ca', import.meta.path],
      {},
      EXIT.configuration,
      'no PEM',
    ],
    [
      'an origin with a path',
      ['a', SECRET, '--access-control-allow-origin', 'https://a.example/'],
      {},
      EXIT.usage,
      'Did you mean https://a.example?',
    ],
    ['a header without a colon', ['a', SECRET, '-H', 'canary'], {}, EXIT.usage, '-H is no header'],
    [
      'a bad SW_HEADERS',
      ['a', SECRET],
      { SW_HEADERS: 'canary' },
      EXIT.configuration,
      'SW_HEADERS is no header',
    ],
    ['a Host header', ['a', SECRET, '-H', 'Host: canary'], {}, EXIT.usage, 'the gateway sets itself'],
    [
      'headers for two upstreams',
      ['a', SECRET, '-H', 'k: canary', ...UP, ...UP],
      {},
      EXIT.usage,
      'one upstream',
    ],
    [
      'a password in an upstream',
      ['a', SECRET, '--allow-upstream', 'https://user:canary@a.example/'],
      {},
      EXIT.usage,
      "'https://…@a.example/' must not hold user info",
    ],
    [
      'a key in the query of an upstream',
      ['a', SECRET, '--allow-upstream', 'https://a.example/?key=canary'],
      {},
      EXIT.usage,
      "'https://a.example/?…' must not hold a query",
    ],
    [
      'a password in an origin',
      ['a', SECRET, '--access-control-allow-origin', 'https://user:canary@a.example'],
      {},
      EXIT.usage,
      'Did you mean https://a.example?',
    ],
    ['three arguments', ['a', SECRET, 'canary'], {}, EXIT.usage, '3 arguments are given'],
  ])('refuses %s', async (_, args, env, code, message) => {
    const ran = await runSignway(['serve', ...args], { env: env as Record<string, string> });
    expect([ran.stdout, ran.code]).toEqual(['', code]);
    expect(ran.stderr).toContain(message);
    expect(ran.stderr).not.toContain('canary');
    expect(ran.stderr).not.toContain(SECRET);
  });
});
