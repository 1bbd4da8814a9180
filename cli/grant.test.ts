import { describe, expect, test } from 'bun:test';
import { parseGrant, readGrantPath, signGrant } from '../signing/index.ts';
import { EXIT } from './exitCodes.ts';
import { runSignway } from './testing/runSignway.ts';

const ENV = { SW_ID: 'my-id', SW_SECRET: 'my-secret', SW_HOST: 'https://gw.example.com' };
const PREFIX = 'https://api.example.com/v1/';
const DATE = '20260102T030405Z';
const GRANT = ['grant', PREFIX, '--methods', 'GET,post', '--date', DATE];

describe('signway grant', () => {
  test('prints the base URL and nothing else', async () => {
    const ran = await runSignway(GRANT, { env: ENV });
    const baseUrl = signGrant({
      id: ENV.SW_ID,
      secret: ENV.SW_SECRET,
      host: ENV.SW_HOST,
      proxyUrl: PREFIX,
      methods: ['GET', 'POST'],
      expiry: 600,
      date: DATE,
    });
    expect(ran).toEqual({ stdout: `${baseUrl}\n`, stderr: '', code: EXIT.done });
  });

  test('signs headers, a subject, a schema and how often it may be used', async () => {
    const further = [
      '-H',
      'X-Tenant: 7',
      '--subject',
      'user:42',
      '--body-schema',
      'chat',
      '--once',
      '--uses',
      '20',
    ];
    const { stdout } = await runSignway([...GRANT, ...further, '--expires', '1h'], { env: ENV });
    const grant = parseGrant(readGrantPath({ path: new URL(stdout.trim()).pathname, query: '' })!.token);
    expect(grant).toMatchObject({ expires: 3600, signedHeaders: ['x-tenant'] });
    expect(Object.fromEntries(grant.parameters)).toMatchObject({
      'X-Sw-Subject': 'user:42',
      'X-Sw-BodySchema': 'chat',
      'X-Sw-Nonce': expect.stringMatching(/^[\w-]{22}$/),
      'X-Sw-Uses': '20',
    });
  });

  test.each(['https://api.example.com/', 'https://api.example.com/v1/../'])(
    'warns that %s opens the whole of an API',
    async (prefix) => {
      const ran = await runSignway(['grant', prefix, '--methods', 'GET'], { env: ENV });
      expect(ran.code).toBe(EXIT.done);
      expect(ran.stdout).toStartWith('https://gw.example.com/s/');
      expect(ran.stderr).toContain('warning: this grant opens the whole of https://api.example.com.');
    },
  );

  test.each([
    ['no methods', ['grant', PREFIX], '--methods is missing'],
    ['no prefix', ['grant', '--methods', 'GET'], 'the prefix is missing'],
    [
      'a prefix without a slash',
      ['grant', 'https://api.example.com/v1', '--methods', 'GET'],
      'must be a prefix',
    ],
    ['a prefix with a query', ['grant', `${PREFIX}?a=/`, '--methods', 'GET'], 'must be a prefix'],
    ['the method *', ['grant', PREFIX, '--methods', '*'], '--methods must be'],
    ['a body', ['grant', PREFIX, '--methods', 'GET', '--body', 'x'], 'unknown option --body'],
  ])('refuses %s', async (_, args, message) => {
    const ran = await runSignway(args, { env: ENV });
    expect([ran.stdout, ran.code]).toEqual(['', EXIT.usage]);
    expect(ran.stderr).toContain(message);
    expect(ran.stderr).not.toContain('my-secret');
  });
});
