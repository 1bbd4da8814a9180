import { describe, expect, test } from 'bun:test';
import { parseSignedUrl, Refusal, signUrl } from '../../signing/index.ts';
import { compileJsonSchema } from '../jsonSchema/compileJsonSchema.ts';
import { createBodySchemas } from './bodySchemas.ts';
import { checkMethods, type ExtensionRules, readExtensions } from './extensions.ts';

const RULES: ExtensionRules = {
  required: [],
  schemas: new Map([['chat-mini', compileJsonSchema({ required: ['model'] })]]),
  bodySchemas: createBodySchemas(),
};

function read(extensions: Record<string, string>, rules: Partial<ExtensionRules> = {}) {
  const url = signUrl({
    id: 'my-id',
    secret: 'my-secret',
    host: 'https://gw.example.com',
    proxyUrl: 'https://api.example.com/',
    expiry: 60,
    method: 'POST',
    extensions,
  });
  return readExtensions(parseSignedUrl(url.slice(url.indexOf('?') + 1)), { ...RULES, ...rules });
}

function codeOf(attempt: () => unknown): string {
  try {
    attempt();
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
  return 'none';
}

describe('the extensions of a URL', () => {
  test('are read', () => {
    expect(
      read({
        'X-Sw-Nonce': 'n-1',
        'X-Sw-Uses': '3',
        'X-Sw-Subject': 'user:42',
        'X-Sw-Methods': 'GET;POST',
        'X-Sw-BodySchema': 'chat-mini',
      }),
    ).toEqual({
      nonce: 'n-1',
      uses: 3,
      subject: 'user:42',
      methods: ['GET', 'POST'],
      bodySchema: RULES.schemas.get('chat-mini')!,
    });
    expect(read({ 'X-Sw-Nonce': 'n-1' }).uses).toBe(1);
    expect(read({})).toEqual({ nonce: null, uses: 1, subject: null, methods: null, bodySchema: null });
  });

  test.each([
    [{ 'X-Sw-Nonce': '' }],
    [{ 'X-Sw-Nonce': 'a'.repeat(129) }],
    [{ 'X-Sw-Nonce': 'a/b' }],
    [{ 'X-Sw-Nonce': 'a b' }],
    [{ 'X-Sw-Uses': '1' }],
    [{ 'X-Sw-Nonce': 'a', 'X-Sw-Uses': '0' }],
    [{ 'X-Sw-Nonce': 'a', 'X-Sw-Uses': '01' }],
    [{ 'X-Sw-Nonce': 'a', 'X-Sw-Uses': '1e3' }],
    [{ 'X-Sw-Nonce': 'a', 'X-Sw-Uses': '2147483648' }],
    [{ 'X-Sw-Nonce': 'a', 'X-Sw-Uses': '' }],
    [{ 'X-Sw-Subject': '' }],
    [{ 'X-Sw-Subject': 'a'.repeat(129) }],
    [{ 'X-Sw-Subject': 'a\nb' }],
    [{ 'X-Sw-Subject': 'ü' }],
    [{ 'X-Sw-Methods': '' }],
    [{ 'X-Sw-Methods': '*' }],
    [{ 'X-Sw-Methods': 'get' }],
    [{ 'X-Sw-Methods': 'GET;GET' }],
    [{ 'X-Sw-BodySchema': 'no-such-name' }],
    [{ 'X-Sw-BodySchema': '' }],
    [{ 'X-Sw-BodySchema': 'true' }],
    [{ 'X-Sw-BodySchema': '[]' }],
    [{ 'X-Sw-BodySchema': '{"a":1' }],
    [{ 'X-Sw-BodySchema': '{"type":"object","type":"array"}' }],
    [{ 'X-Sw-BodySchema': '{"type":"object","t\\u0079pe":"array"}' }],
    [{ 'X-Sw-BodySchema': '{"$ref":"https://evil.test/schema"}' }],
    [{ 'X-Sw-BodySchema': '{"$ref":"file:///etc/passwd"}' }],
    [{ 'X-Sw-BodySchema': '{"pattern":"(a)\\\\1"}' }],
  ] as [Record<string, string>][])('are refused as %j', (extensions) => {
    expect(codeOf(() => read(extensions))).toBe('invalid_parameter');
  });

  test('take a schema of 2 KiB, counted in bytes, and no larger one', () => {
    const schemaOf = (text: string) => ({ 'X-Sw-BodySchema': `{"description":"${text}"}` });
    for (const text of ['a'.repeat(2030), 'ä'.repeat(1015)]) {
      expect(codeOf(() => read(schemaOf(text)))).toBe('none');
      expect(codeOf(() => read(schemaOf(`${text}a`)))).toBe('invalid_parameter');
    }
  });

  test('that are not known are named before those that are missing or wrong', () => {
    const required = ['subject'] as const;
    const wrong = { 'X-Sw-Nonce': '' };
    expect(codeOf(() => read({ 'X-Sw-Other': '1', ...wrong }, { required }))).toBe('unknown_parameter');
    expect(codeOf(() => read(wrong, { required }))).toBe('extension_required');
    expect(codeOf(() => read({ ...wrong, 'X-Sw-Subject': 'a' }, { required }))).toBe('invalid_parameter');
  });

  test.each([
    ['nonce', { 'X-Sw-Nonce': 'a' }],
    ['subject', { 'X-Sw-Subject': 'a' }],
    ['bodySchema', { 'X-Sw-BodySchema': '{}' }],
  ] as const)('can be required: %s', (name, extensions) => {
    expect(codeOf(() => read({}, { required: [name] }))).toBe('extension_required');
    expect(codeOf(() => read(extensions, { required: [name] }))).toBe('none');
  });

  test('a method that is not on the list is told which are', () => {
    expect(() => checkMethods('GET', ['GET', 'POST'])).not.toThrow();
    expect(() => checkMethods('DELETE', null)).not.toThrow();
    try {
      checkMethods('get', ['GET', 'POST']);
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({
        code: 'method_not_allowed',
        options: { headers: { Allow: 'GET, POST' } },
      });
    }
  });
});

test('schemas of URLs are compiled once, and only so many are kept', () => {
  const schemas = createBodySchemas();
  const find = (i: number) => schemas.find(`{"maximum":${i}}`, new Map());
  const first = find(0);
  for (let i = 1; i < 256; i++) find(i);
  expect(find(0)).toBe(first);
  find(256);
  expect(find(0)).toBe(first);
  for (let i = 1000; i < 1300; i++) find(i);
  expect(find(0)).not.toBe(first);
});
