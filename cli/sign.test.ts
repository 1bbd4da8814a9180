import { describe, expect, test } from 'bun:test';
import { signUrl } from '../signing/index.ts';
import { EXIT } from './exitCodes.ts';
import { runSignway } from './testing/runSignway.ts';
import { temporaryFolder } from './testing/temporaryFolder.ts';

const ENV = { SW_ID: 'my-id', SW_SECRET: 'my-secret', SW_HOST: 'https://gw.example.com' };
const DATE = '20260102T030405Z';
const UPSTREAM = 'https://api.example.com/v1/models?a=b c';
const SIGNED = {
  id: ENV.SW_ID,
  secret: ENV.SW_SECRET,
  host: ENV.SW_HOST,
  proxyUrl: UPSTREAM,
  method: 'GET',
  expiry: 60,
  date: DATE,
};

describe('signway sign', () => {
  test('prints the signed URL and nothing else', async () => {
    const ran = await runSignway(['sign', UPSTREAM, '--date', DATE], { env: ENV });
    expect(ran).toEqual({ stdout: `${signUrl(SIGNED)}\n`, stderr: '', code: EXIT.done });
  });

  test('signs every -H and the body of a file, of stdin and of the command line alike', async () => {
    using folder = temporaryFolder();
    const file = folder.write('body.json', '{"ä":1}');
    const args = ['sign', UPSTREAM, '--date', DATE, '--expires', '10m', '-H', 'X-A: 1', '--header', 'x-b:2'];
    const expected = signUrl({
      ...SIGNED,
      method: 'POST',
      expiry: 600,
      headers: { 'x-a': '1', 'x-b': '2' },
      body: '{"ä":1}',
    });
    const runs = await Promise.all([
      runSignway([...args, '--body', '{"ä":1}'], { env: ENV }),
      runSignway([...args, '--body', `@${file}`], { env: ENV }),
      runSignway([...args, '--body', '-'], { env: ENV, stdin: '{"ä":1}' }),
    ]);
    for (const { stdout } of runs) expect(stdout).toBe(`${expected}\n`);
  });

  test('--json gives what was signed', async () => {
    const { stdout } = await runSignway(['sign', UPSTREAM, '--date', DATE, '--json', '-X', 'delete'], {
      env: ENV,
    });
    const report = JSON.parse(stdout);
    expect(report.method).toBe('DELETE');
    expect(report.url).toBe(signUrl({ ...SIGNED, method: 'DELETE' }));
    expect(report.canonicalRequest).toStartWith('DELETE\n/\n');
    expect(report.url).toEndWith(report.signature);
  });

  test('signs the extensions', async () => {
    using folder = temporaryFolder();
    const file = folder.write('schema.json', '{\n  "required": ["model"]\n}\n');
    const args = ['sign', UPSTREAM, '--date', DATE, '--subject', 'user:42', '--methods', 'get, POST'];
    const runs = await Promise.all([
      runSignway([...args, '--nonce', 'n-1', '--uses', '3', '--body-schema', `@${file}`], { env: ENV }),
      runSignway([...args, '--nonce', 'n-1', '--uses', '3', '--body-schema', '{"required":["model"]}'], {
        env: ENV,
      }),
    ]);
    const expected = signUrl({
      ...SIGNED,
      nonce: 'n-1',
      uses: 3,
      subject: 'user:42',
      methods: ['GET', 'POST'],
      bodySchema: { required: ['model'] },
    });
    for (const { stdout } of runs) expect(stdout).toBe(`${expected}\n`);
  });

  test('--once signs a nonce of its own each time', async () => {
    const runs = await Promise.all([1, 2].map(() => runSignway(['sign', UPSTREAM, '--once'], { env: ENV })));
    const nonces = runs.map(({ stdout }) => new URL(stdout).searchParams.get('X-Sw-Nonce'));
    for (const nonce of nonces) expect(nonce).toMatch(/^[A-Za-z0-9_-]{22}$/);
    expect(nonces[0]).not.toBe(nonces[1]!);
  });

  test('reads the secret from a file, and warns when others can read it', async () => {
    using folder = temporaryFolder();
    const closed = folder.write('closed', 'my-secret\n');
    const open = folder.write('open', 'my-secret\r\n', 0o644);
    const { SW_SECRET: _, ...env } = ENV;
    const args = ['sign', UPSTREAM, '--date', DATE];
    const [quiet, warned, named] = await Promise.all([
      runSignway(args, { env: { ...env, SW_SECRET_FILE: closed } }),
      runSignway(args, { env: { ...env, SW_SECRET_FILE: open } }),
      runSignway([...args, '--secret-file', closed], { env }),
    ]);
    for (const { stdout } of [quiet, warned, named]) expect(stdout).toBe(`${signUrl(SIGNED)}\n`);
    expect(quiet.stderr).toBe('');
    expect(warned.stderr).toContain('chmod 600');
  });

  test.each([
    ['no URL', ['sign'], ENV, EXIT.usage, "upstream's URL is missing"],
    ['no secret', ['sign', UPSTREAM], { SW_ID: 'a', SW_HOST: ENV.SW_HOST }, EXIT.usage, 'secret'],
    [
      'no host',
      ['sign', UPSTREAM],
      { SW_ID: 'a', SW_SECRET: 'b' },
      EXIT.usage,
      '--host (or SW_HOST) is missing',
    ],
    ['an id with a slash', ['sign', UPSTREAM, '--id', 'a/b'], ENV, EXIT.usage, '--id must'],
    ['SW_ID with a slash', ['sign', UPSTREAM], { ...ENV, SW_ID: 'a/b' }, EXIT.configuration, 'SW_ID must'],
    ['a host that is no URL', ['sign', UPSTREAM, '--host', 'nope'], ENV, EXIT.usage, '--host must'],
    [
      'SW_HOST that is no URL',
      ['sign', UPSTREAM],
      { ...ENV, SW_HOST: 'nope' },
      EXIT.configuration,
      'SW_HOST must be an absolute',
    ],
    [
      'a header in other than ASCII',
      ['sign', UPSTREAM, '-H', 'x-name: é'],
      ENV,
      EXIT.usage,
      "-H gives 'x-name'",
    ],
    ['a date that is none', ['sign', UPSTREAM, '--date', '20260230T000000Z'], ENV, EXIT.usage, '--date must'],
    ['an expiry over the most', ['sign', UPSTREAM, '--expires', '99999d'], ENV, EXIT.usage, '--expires must'],
    ['a method of two words', ['sign', UPSTREAM, '-X', 'a b'], ENV, EXIT.usage, '--method must'],
    ['a relative URL', ['sign', '/v1'], ENV, EXIT.usage, "the upstream's URL must be an absolute"],
    ['half a second', ['sign', UPSTREAM, '--expires', '500ms'], ENV, EXIT.usage, '--expires must be'],
    ['an option without its value', ['sign', UPSTREAM, '-X'], ENV, EXIT.usage, '-X needs a value'],
    ['an option twice', ['sign', UPSTREAM, '-X', 'a', '-X', 'b'], ENV, EXIT.usage, 'given twice'],
    ['uses without a nonce', ['sign', UPSTREAM, '--uses', '2'], ENV, EXIT.usage, '--uses needs a nonce'],
    ['half a use', ['sign', UPSTREAM, '--once', '--uses', '1e3'], ENV, EXIT.usage, '--uses must be'],
    ['two nonces', ['sign', UPSTREAM, '--once', '--nonce', 'a'], ENV, EXIT.usage, '--once makes a nonce'],
    ['the method *', ['sign', UPSTREAM, '--methods', '*'], ENV, EXIT.usage, '--methods must be'],
    ['an empty subject', ['sign', UPSTREAM, '--subject='], ENV, EXIT.usage, '--subject must be'],
    [
      'a schema that is not there',
      ['sign', UPSTREAM, '--body-schema', '@/no/such'],
      ENV,
      EXIT.failed,
      'ENOENT',
    ],
    ['two URLs', ['sign', UPSTREAM, UPSTREAM], ENV, EXIT.usage, '2 arguments are given'],
    ['a body that is not there', ['sign', UPSTREAM, '--body', '@/no/such'], ENV, EXIT.failed, 'ENOENT'],
    ['a secret twice', ['sign', UPSTREAM], { ...ENV, SW_SECRET_FILE: '/x' }, EXIT.configuration, 'both set'],
    [
      'a secret file that is not there',
      ['sign', UPSTREAM],
      { ...ENV, SW_SECRET: '', SW_SECRET_FILE: '/no/such' },
      EXIT.configuration,
      'SW_SECRET_FILE',
    ],
  ])('refuses %s', async (_, args, env, code, message) => {
    const ran = await runSignway(args, { env: env as Record<string, string> });
    expect([ran.stdout, ran.code]).toEqual(['', code]);
    expect(ran.stderr).toContain(message);
    expect(ran.stderr).not.toContain('my-secret');
  });
});
