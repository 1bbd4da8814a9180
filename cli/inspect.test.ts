import { describe, expect, test } from 'bun:test';
import { signUrl } from '../signing/index.ts';
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
      signature: { verdict: 'valid', method: 'POST' },
      refusal: null,
    });
    expect(stdout).not.toContain(options.secret);
  });

  test('a URL cannot drive the terminal', async () => {
    const url = signUrl({ ...options, extensions: { 'X-Sw-Note': '\u001b]0;owned\u0007' } });
    const { stdout } = await runSignway(['inspect', url]);
    expect(stdout).toContain('\\x1b]0;owned\\x07');
    expect(stdout).not.toContain('\u001b');
  });
});
