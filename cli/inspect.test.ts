import { describe, expect, test } from 'bun:test';
import { signGrant, signUrl } from '../signing/index.ts';
import { EXIT } from './exitCodes.ts';
import { runSignway } from './testing/runSignway.ts';

const options = {
  id: 'my-id',
  secret: 'my-secret',
  host: 'https://gw.example.com',
  proxyUrl: 'https://api.example.com/v1/chat',
  method: 'POST',
  expiry: 600,
  headers: { 'x-foo': 'bar' },
  body: '{}',
};
const env = { SW_SECRET: options.secret };
const REQUEST = ['-H', 'X-Foo: bar', '--body', '{}'];

describe('signway inspect', () => {
  test('says what a URL allows without a secret', async () => {
    const { stdout, stderr, code } = await runSignway(['inspect', signUrl(options)]);
    expect([stderr, code]).toEqual(['', EXIT.done]);
    expect(stdout).toMatch(/^Upstream +https:\/\/api\.example\.com\/v1\/chat$/m);
    expect(stdout).toMatch(/^App +my-id$/m);
    expect(stdout).toMatch(/^Expires .*valid for 10m, (?:9m \d+s|10m) left/m);
    expect(stdout).toMatch(/^Signed headers +content-length, x-foo$/m);
    expect(stdout).toMatch(/^Signature +not checked: needs the secret/m);
  });

  test('finds the method that a valid signature is for', async () => {
    const { stdout, code } = await runSignway(['inspect', signUrl(options), ...REQUEST], { env });
    expect(code).toBe(EXIT.done);
    expect(stdout).toMatch(/^Signature +valid for POST$/m);
  });

  test('says what it needs to check a signature that covers headers and a body', async () => {
    const url = signUrl(options);
    const [headers, body] = await Promise.all([
      runSignway(['inspect', url], { env }),
      runSignway(['inspect', url, '-H', 'x-foo: bar'], { env }),
    ]);
    expect(headers.stdout).toContain('needs -H for x-foo');
    expect(body.stdout).toContain('needs --body');
  });

  test('gives 4 for a wrong secret, with what would have been signed', async () => {
    const { stdout, code } = await runSignway(['inspect', signUrl(options), ...REQUEST], {
      env: { SW_SECRET: 'x' },
    });
    expect(code).toBe(EXIT.invalid);
    expect(stdout).toContain('signature_mismatch');
    expect(stdout).toContain('  | x-foo:bar');
    expect(stdout).toContain('  | SW1-HMAC-SHA256');
  });

  test('gives 4 for another method, and names the one that was signed', async () => {
    const { stdout, code } = await runSignway(['inspect', signUrl(options), ...REQUEST, '-X', 'put'], {
      env,
    });
    expect(code).toBe(EXIT.invalid);
    expect(stdout).toContain('it was signed for POST, not for PUT');
  });

  test('gives 5 for a URL that is correct but expired, and 4 when it is wrong as well', async () => {
    const url = signUrl({ ...options, date: '20260101T000000Z' });
    const [expired, wrong] = await Promise.all([
      runSignway(['inspect', url, ...REQUEST], { env }),
      runSignway(['inspect', url, ...REQUEST], { env: { SW_SECRET: 'x' } }),
    ]);
    expect([expired.code, wrong.code]).toEqual([EXIT.expired, EXIT.invalid]);
    expect(expired.stdout).toMatch(/^Signature +valid/m);
    expect(expired.stdout).toMatch(/^A gateway says +expired/m);
  });

  test('gives 4 for a URL that is no signed one, and 2 for what is no URL', async () => {
    const [unsigned, noUrl] = await Promise.all([
      runSignway(['inspect', 'https://gw.example.com/']),
      runSignway(['inspect', 'nonsense']),
    ]);
    expect([unsigned.code, noUrl.code]).toEqual([EXIT.invalid, EXIT.usage]);
    expect(unsigned.stdout).toContain('missing_parameter');
  });

  test('--json gives the same as data', async () => {
    const { stdout } = await runSignway(['inspect', signUrl(options), ...REQUEST, '--json'], { env });
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({
      appId: 'my-id',
      upstream: options.proxyUrl,
      expires: 600,
      signsBody: true,
      signature: { verdict: 'valid', methods: ['POST'] },
      refusal: null,
    });
    expect(stdout).not.toContain(options.secret);
  });

  test('gives 4 for a signed parameter that no gateway knows, and says what one answers', async () => {
    const url = signUrl({ ...options, extensions: { 'X-Sw-Colour': 'blue' } });
    const [checked, unchecked] = await Promise.all([
      runSignway(['inspect', url, ...REQUEST], { env }),
      runSignway(['inspect', url]),
    ]);
    for (const { stdout, code } of [checked, unchecked]) {
      expect(code).toBe(EXIT.invalid);
      expect(stdout).toMatch(/^X-Sw-Colour +blue\n +not known: a gateway answers unknown_parameter$/m);
      expect(stdout).toMatch(/^A gateway says +unknown_parameter: X-Sw-Colour is not known here$/m);
    }
    expect(checked.stdout).toMatch(/^Signature +valid for POST$/m);
  });

  test('says what each extension means', async () => {
    const url = signUrl({
      ...options,
      extensions: {
        'X-Sw-Nonce': 'n-1',
        'X-Sw-Uses': '3',
        'X-Sw-Subject': 'user:42',
        'X-Sw-BodySchema': '{"type":"object"}',
        'X-Sw-Methods': 'GET;POST',
      },
    });
    const { stdout, code } = await runSignway(['inspect', url, ...REQUEST], { env });
    expect(code).toBe(EXIT.done);
    expect(stdout).toMatch(/^X-Sw-Nonce +n-1\n +counts the requests made with it: 3 are answered$/m);
    expect(stdout).toMatch(/^X-Sw-Uses +3\n +how many requests the nonce is good for$/m);
    expect(stdout).toMatch(/^X-Sw-Subject +user:42\n +the end user it speaks for/m);
    expect(stdout).toMatch(
      /^X-Sw-BodySchema +\{"type":"object"\}\n +the JSON Schema that the body must satisfy$/m,
    );
    expect(stdout).toMatch(/^X-Sw-Methods +GET;POST\n +the methods that it can be used with/m);
    expect(stdout).toMatch(/^Signature +valid for GET or POST$/m);
  });

  test('gives 4 for a method that X-Sw-Methods does not name', async () => {
    const url = signUrl({ ...options, extensions: { 'X-Sw-Methods': 'GET;POST' } });
    const [allowed, refused] = await Promise.all(
      ['post', 'PUT'].map((method) => runSignway(['inspect', url, ...REQUEST, '-X', method], { env })),
    );
    expect([allowed!.code, refused!.code]).toEqual([EXIT.done, EXIT.invalid]);
    expect(refused!.stdout).toMatch(
      /^A gateway says +method_not_allowed: the signed URL does not name this method$/m,
    );
  });

  test.each<[string, Record<string, string>, string]>([
    ['uses without a nonce', { 'X-Sw-Uses': '3' }, 'X-Sw-Uses needs X-Sw-Nonce'],
    ['no use', { 'X-Sw-Nonce': 'n', 'X-Sw-Uses': '0' }, 'X-Sw-Uses must be'],
    ['an odd nonce', { 'X-Sw-Nonce': 'a b' }, 'X-Sw-Nonce must be'],
    ['a subject in other than ASCII', { 'X-Sw-Subject': 'é' }, 'X-Sw-Subject must be'],
    ['a method twice', { 'X-Sw-Methods': 'GET;GET' }, 'X-Sw-Methods must be'],
    ['any method', { 'X-Sw-Methods': '*' }, 'X-Sw-Methods must be'],
    ['a schema that is no JSON', { 'X-Sw-BodySchema': '{' }, 'X-Sw-BodySchema is not JSON'],
    [
      'a schema over 2 KiB',
      { 'X-Sw-BodySchema': `{"title":"${'x'.repeat(2040)}"}` },
      'X-Sw-BodySchema is over 2048 bytes',
    ],
    ['a grant that is used as a URL', { 'X-Sw-Scope': 'prefix' }, 'X-Sw-Scope makes a grant'],
    [
      'a schema that no gateway takes',
      { 'X-Sw-BodySchema': '{"pattern":"(a)\\\\1"}' },
      'X-Sw-BodySchema cannot',
    ],
    ['a key twice in a schema', { 'X-Sw-BodySchema': '{"type":"object","type":"array"}' }, 'X-Sw-BodySchema'],
  ])('gives 4 for %s', async (_, extensions, problem) => {
    const url = signUrl({ ...options, extensions });
    const { stdout, code } = await runSignway(['inspect', url, ...REQUEST], { env });
    expect(code).toBe(EXIT.invalid);
    expect(stdout).toContain(`invalid_parameter: ${problem}`);
  });

  test('gives 4 for another path, which no gateway answers, unless it is mounted there', async () => {
    const url = signUrl({ ...options, host: 'https://gw.example.com/gw' });
    const [root, based, elsewhere] = await Promise.all([
      runSignway(['inspect', url, ...REQUEST], { env }),
      runSignway(['inspect', url, ...REQUEST, '--base-path', '/gw'], { env }),
      runSignway(['inspect', signUrl(options), ...REQUEST, '--base-path', '/gw'], { env }),
    ]);
    expect(root.stdout).toMatch(/^A gateway says +not_found: .*the path \/, .*--base-path \/gw$/m);
    expect(root.stdout).toMatch(/^Signature +valid for POST$/m);
    expect(elsewhere.stdout).toMatch(/^A gateway says +not_found: .*the path \/gw, .*the path \/$/m);
    expect([root.code, based.code, elsewhere.code]).toEqual([EXIT.invalid, EXIT.done, EXIT.invalid]);
  });

  test('gives 4 for a URL longer than a gateway takes', async () => {
    const url = signUrl({ ...options, proxyUrl: `${options.proxyUrl}?${'x'.repeat(12_288)}` });
    const { stdout, code } = await runSignway(['inspect', url, ...REQUEST], { env });
    expect(code).toBe(EXIT.invalid);
    expect(stdout).toMatch(/^A gateway says +url_too_long: /m);
  });

  test.each(['ftp:', 'ws:', 'file:', 'javascript:'])(
    'gives 2 for a %s URL, which no gateway answers',
    async (scheme) => {
      const url = signUrl(options).replace('https:', scheme);
      const { stdout, stderr, code } = await runSignway(['inspect', url, ...REQUEST], { env });
      expect([stdout, code]).toEqual(['', EXIT.usage]);
      expect(stderr).toContain('is no http or https URL');
    },
  );

  test('names everything that is wrong, in the order in which a gateway looks', async () => {
    const url = signUrl({ ...options, date: '20260101T000000Z', extensions: { 'X-Sw-Colour': 'blue' } });
    const { stdout, code } = await runSignway(['inspect', url, ...REQUEST], { env });
    // Another one of the same would have expired, but this one would not be answered in its time either.
    expect(code).toBe(EXIT.invalid);
    expect(stdout).toMatch(/^A gateway says +expired: .*\nand then +unknown_parameter: /m);
  });

  test('assumes the method that sign would have taken, and says so', async () => {
    const wrong = { env: { SW_SECRET: 'x' } };
    const { body: _, ...bodiless } = options;
    const [withBody, without, named] = await Promise.all([
      runSignway(['inspect', signUrl(options), ...REQUEST], wrong),
      runSignway(['inspect', signUrl({ ...bodiless, method: 'GET' }), ...REQUEST.slice(0, 2)], wrong),
      runSignway(['inspect', signUrl(options), ...REQUEST, '-X', 'PUT'], wrong),
    ]);
    expect(withBody.stdout).toContain('  | POST\n  | /\n');
    expect(withBody.stdout).toContain('POST is assumed: the method is not in the URL, -X gives it');
    expect(without.stdout).toContain('  | GET\n  | /\n');
    expect(named.stdout).toContain('  | PUT\n  | /\n');
    expect(named.stdout).not.toContain('assumed');
  });

  test('shows the canonical request as sign --json does, whose body it is or not', async () => {
    const args = ['https://api.example.com/v1/chat', '-X', 'POST', ...REQUEST, '--json'];
    const host = { SW_ID: 'my-id', SW_HOST: 'https://gw.example.com' };
    const signed = JSON.parse((await runSignway(['sign', ...args], { env: { ...host, ...env } })).stdout);
    const inspected = JSON.parse(
      (
        await runSignway(['inspect', signed.url, '-X', 'POST', ...REQUEST, '--json'], {
          env: { SW_SECRET: 'x' },
        })
      ).stdout,
    );
    expect(signed.canonicalRequest).toEndWith(
      '\ncontent-length;x-foo\n44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a',
    );
    expect(inspected.signature).toEqual({
      verdict: 'invalid',
      detail: expect.any(String),
      method: 'POST',
      canonicalRequest: signed.canonicalRequest,
      stringToSign: signed.stringToSign,
    });
  });

  test.each([
    ['a method that is none', ['-X', 'a b'], '--method must be'],
    ['a header in bytes that clients differ in', ['-H', 'x-foo: é'], "'x-foo'"],
    ['a base path without its slash', ['--base-path', 'gw'], '--base-path must'],
  ])('gives 2 for %s', async (_, args, says) => {
    const { stderr, code } = await runSignway(['inspect', signUrl(options), ...args], { env });
    expect(code).toBe(EXIT.usage);
    expect(stderr).toContain(says);
  });

  test('takes the name of a schema for one of the gateway’s configuration', async () => {
    const url = signUrl({ ...options, bodySchema: 'chat-mini' });
    const { stdout, code } = await runSignway(['inspect', url, ...REQUEST], { env });
    expect(code).toBe(EXIT.done);
    expect(stdout).toContain("by its name in the gateway's configuration");
  });

  test('gives 4 for a body that the schema of the URL does not allow', async () => {
    const url = signUrl({ ...options, bodySchema: { required: ['model'] } });
    const [untyped, typed, allowed] = await Promise.all([
      runSignway(['inspect', url, ...REQUEST], { env }),
      runSignway(['inspect', url, ...REQUEST, '-H', 'Content-Type: application/json'], { env }),
      runSignway(
        [
          'inspect',
          signUrl({ ...options, body: '{"model":"m"}', bodySchema: { required: ['model'] } }),
          ...['-H', 'x-foo: bar', '-H', 'Content-Type: application/json', '--body', '{"model":"m"}'],
        ],
        { env },
      ),
    ]);
    expect([untyped.code, typed.code, allowed.code]).toEqual([EXIT.done, EXIT.invalid, EXIT.done]);
    expect(typed.stdout).toMatch(/^A gateway says +body_not_allowed: .*: required$/m);
  });

  describe('a grant', () => {
    const { method: _, body: __, ...shared } = options;
    const base = signGrant({ ...shared, proxyUrl: 'https://api.example.com/v1/', methods: ['GET', 'POST'] });
    const HEADER = ['-H', 'X-Foo: bar'];

    test('is read like a signed URL, with the upstream that a request to it reaches', async () => {
      const [bare, request] = await Promise.all([
        runSignway(['inspect', base, ...HEADER], { env }),
        runSignway(['inspect', `${base}chat?stream=1`, ...HEADER, '-X', 'POST'], { env }),
      ]);
      expect([bare.code, request.code]).toEqual([EXIT.done, EXIT.done]);
      expect(bare.stdout).toMatch(/^Upstream +https:\/\/api\.example\.com\/v1\/ and what lies below it$/m);
      expect(bare.stdout).toMatch(/^Signature +valid for GET or POST$/m);
      expect(request.stdout).toMatch(/^This request +https:\/\/api\.example\.com\/v1\/chat\?stream=1$/m);
      expect(bare.stdout).not.toContain('This request');
    });

    test.each([
      ['a path that leaves it', `${base}a%2f..%2fb`, [], 'path_not_allowed'],
      ['another method', base, ['-X', 'DELETE'], 'method_not_allowed'],
      ['a token that holds no grant', 'https://gw.example.com/s/abc/', [], 'invalid_parameter'],
      ['no slash after its token', base.slice(0, -1), [], 'not_found'],
      ['a base path that it does not have', base, ['--base-path', '/gw'], 'not_found'],
    ])('gives 4 for %s', async (_, url, args, refusal) => {
      const { stdout, code } = await runSignway(['inspect', url, ...HEADER, ...args], { env });
      expect(code).toBe(EXIT.invalid);
      expect(stdout).toMatch(new RegExp(`^A gateway says +${refusal}: `, 'm'));
    });

    test('is found below the base path of a gateway', async () => {
      const based = base.replace('example.com/s/', 'example.com/gw/s/');
      const { code } = await runSignway(['inspect', based, ...HEADER, '--base-path', '/gw'], { env });
      expect(code).toBe(EXIT.done);
    });
  });

  test('a URL cannot drive the terminal', async () => {
    const url = signUrl({ ...options, extensions: { 'X-Sw-Note': '\u001b]0;owned\u0007' } });
    const { stdout } = await runSignway(['inspect', url]);
    expect(stdout).toContain('\\x1b]0;owned\\x07');
    expect(stdout).not.toContain('\u001b');
  });
});
