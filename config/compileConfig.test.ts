import { describe, expect, test } from 'bun:test';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAppRegistry } from '../server/apps.ts';
import { compileConfig } from './compileConfig.ts';
import { writePath } from './configProblem.ts';
import type { SignwayConfig } from './configSchema.ts';
import { defineConfig } from './defineConfig.ts';

const SECRET = 's'.repeat(32);
const ENV = {
  SECRET,
  OLD: 'o'.repeat(32),
  KEY: 'sk-canary-key',
  REDIS: 'redis://:canary-password@redis:6379/0',
};
const APP = { id: 'app', secrets: ['env:SECRET'], upstreams: [{ origin: 'https://api.example.com' }] };

function compile(value: unknown, { env = ENV as Record<string, string>, folder = '/' } = {}) {
  const { config, problems } = compileConfig(value, { env, folder });
  return {
    config,
    said: problems.map(({ severity, path, message }) => `${severity} ${writePath(path)}: ${message}`),
  };
}

describe('a configuration', () => {
  test('of a preset and its key is a whole upstream', () => {
    const { config, said } = compile(
      defineConfig({
        apps: [
          {
            ...APP,
            upstreams: [
              { preset: 'openai', key: 'env:KEY' },
              { preset: 'anthropic', key: 'env:KEY' },
              {
                preset: 'gemini',
                key: 'env:KEY',
                origin: 'https://generativelanguage.googleapis.com/v1beta',
              },
            ],
          },
        ],
      }),
    );
    expect(said).toEqual([]);
    expect(config!.apps[0]!.upstreams).toEqual([
      {
        origin: 'https://api.openai.com',
        headers: [['Authorization', 'Bearer sk-canary-key']],
        denyHeaders: ['openai-organization', 'openai-project'],
      },
      { origin: 'https://api.anthropic.com', headers: [['x-api-key', 'sk-canary-key']] },
      {
        origin: 'https://generativelanguage.googleapis.com/v1beta',
        headers: [['x-goog-api-key', 'sk-canary-key']],
        denyHeaders: ['x-goog-user-project'],
      },
    ]);
    expect(() => createAppRegistry(config!.apps)).not.toThrow();
  });

  test('becomes what a gateway takes, in milliseconds and bytes', () => {
    const { config, said } = compile({
      port: 8080,
      tls: { cert: 'tls/cert.pem', key: '/etc/key.pem' },
      workers: 'auto',
      basePath: '/gw',
      drain: '1m',
      store: { redis: 'env:REDIS', timeout: '250ms' },
      allowNetworks: ['10.0.0.0/8'],
      resolve: ['api.example.com:443:[fd00::5]'],
      limits: { maxExpiry: '1h', maxBody: '2MiB', headTimeout: 90 },
      apps: [
        {
          ...APP,
          secrets: ['env:SECRET', 'env:OLD'],
          maxExpiry: '10m',
          allowOrigins: ['https://app.example.com'],
          require: ['nonce'],
          schemas: { chat: { type: 'object' } },
          limits: {
            requests: { limit: 10, window: '1m' },
            bytes: { limit: '1GiB', window: '1d', reserve: '64KiB' },
          },
          subjectLimits: { streams: 2, tokens: { limit: 1000, window: 60, reserve: 100 }, duration: '5m' },
          whenStoreIsAway: 'allow',
          upstreams: [
            {
              origin: 'https://api.example.com/v1',
              headers: { 'X-Key': 'Key {env:KEY}', 'X-Other': 'plain' },
              methods: ['POST'],
              denyHeaders: ['X-Team'],
              timeouts: { connect: '2s', eventStreamSilence: '1m' },
            },
          ],
        },
      ],
    } satisfies SignwayConfig);
    expect(said).toEqual([]);
    expect(config).toMatchObject({
      port: 8080,
      tls: { cert: '/tls/cert.pem', key: '/etc/key.pem' },
      workers: 'auto',
      basePath: '/gw',
      drain: 60_000,
      store: { kind: 'redis', url: ENV.REDIS, timeout: 250 },
      network: {
        allowNetworks: ['10.0.0.0/8'],
        resolve: [{ hostname: 'api.example.com', port: 443, address: 'fd00::5' }],
      },
      limits: { maxExpiry: 3600, maxBody: 2 * 1024 ** 2, headTimeout: 90_000 },
    });
    expect(config!.apps[0]).toEqual({
      id: 'app',
      secrets: [ENV.SECRET, ENV.OLD],
      maxExpiry: 600,
      allowOrigins: ['https://app.example.com'],
      required: ['nonce'],
      schemas: { chat: { type: 'object' } },
      limits: {
        requests: { limit: 10, window: 60_000 },
        bytes: { limit: 1024 ** 3, window: 86_400_000, reserve: 65_536 },
      },
      subjectLimits: { streams: 2, tokens: { limit: 1000, window: 60_000, reserve: 100 }, duration: 300_000 },
      whenStoreIsAway: 'allow',
      upstreams: [
        {
          origin: 'https://api.example.com/v1',
          headers: [
            ['X-Key', 'Key sk-canary-key'],
            ['X-Other', 'plain'],
          ],
          methods: ['POST'],
          denyHeaders: ['x-team'],
          timeouts: { connectTimeout: 2000, eventStreamSilenceTimeout: 60_000 },
        },
      ],
    });
  });

  test('reads files beside it, and warns of those that others read', () => {
    const folder = mkdtempSync(join(tmpdir(), 'signway-config-'));
    writeFileSync(join(folder, 'secret'), `${SECRET}\n`, { mode: 0o600 });
    writeFileSync(join(folder, 'open'), SECRET);
    chmodSync(join(folder, 'open'), 0o644);
    const { config, said } = compile(
      { apps: [{ ...APP, secrets: ['file:secret', 'file:./open'] }] },
      { folder },
    );
    expect(config!.apps[0]!.secrets).toEqual([SECRET, SECRET]);
    expect(said).toEqual([
      'warning apps[0].secrets[1]: is in ./open, which every user of this machine can read',
    ]);
    rmSync(folder, { recursive: true });
  });

  test('reads the one line of a file of a secret, without a byte-order mark, and refuses a second', () => {
    const folder = mkdtempSync(join(tmpdir(), 'signway-config-'));
    writeFileSync(join(folder, 'marked'), `\ufeff${SECRET}\r\n\n`, { mode: 0o600 });
    writeFileSync(join(folder, 'two'), `${SECRET}\nsecond\n`, { mode: 0o600 });
    writeFileSync(join(folder, 'utf16'), Buffer.from(`\ufeff${SECRET}`, 'utf16le'), { mode: 0o600 });
    const secrets = ['file:marked', 'file:two', 'file:utf16'];
    const { said } = compile({ apps: [{ ...APP, secrets }] }, { folder });
    expect(said).toEqual([
      'error apps[0].secrets[1]: needs the file two, which holds more than one line',
      'error apps[0].secrets[2]: needs the file utf16, which holds no UTF-8 text',
    ]);
    const { config } = compile({ apps: [{ ...APP, secrets: ['file:marked'] }] }, { folder });
    expect(config!.apps[0]!.secrets).toEqual([SECRET]);
    rmSync(folder, { recursive: true });
  });

  test('warns of secrets that are short or written down, without repeating them', () => {
    const upstreams = [
      { preset: 'openai', key: 'canary' },
      {
        origin: 'https://api.example.com',
        headers: { 'X-Api-Key': 'canary', 'X-Version': '2', Accept: '{env:KEY}' },
      },
    ];
    const { config, said } = compile({ apps: [{ ...APP, secrets: ['canary'], upstreams }] });
    expect(config).not.toBeNull();
    expect(said).toEqual([
      'warning apps[0].secrets[0]: is written down here: env:NAME and file:PATH keep it out',
      'warning apps[0].secrets[0]: has 6 bytes; use 32 or more, which signway keygen makes',
      'warning apps[0].upstreams[0].key: is written down here: env:NAME and file:PATH keep it out',
      'warning apps[0].upstreams[1].headers["X-Api-Key"]: is written down here: env:NAME and file:PATH keep it out',
    ]);
  });
});

test('a preset whose key would go elsewhere is warned about', () => {
  const said = (origin: string) =>
    compile({ apps: [{ ...APP, upstreams: [{ preset: 'openai', key: 'env:KEY', origin }] }] }).said;
  expect(said('https://api.openai.com/v1')).toEqual([]);
  for (const origin of [
    'https://api.openai.example',
    'http://api.openai.com/v1',
    'https://api.openai.com:8443',
  ]) {
    expect(said(origin)).toEqual([
      'warning apps[0].upstreams[0].origin: is not below https://api.openai.com, and is sent the key of the preset all the same',
    ]);
  }
});

test('what can never pass, and an upstream that is never used, are warned about', () => {
  const said = (origins: string[]) =>
    compile({ apps: [{ ...APP, upstreams: origins.map((origin) => ({ origin })) }] }).said;
  const never = (index: number, first: number) =>
    `warning apps[0].upstreams[${index}]: is never used: all that goes there belongs to upstreams[${first}]`;
  expect(said(['https://a.test/v1', 'https://a.test', 'https://b.test', 'https://*.a.test'])).toEqual([]);
  expect(said(['https://a.test', 'https://b.test', 'https://a.test/v1'])).toEqual([never(2, 0)]);
  expect(said(['https://*.a.test', 'https://b.a.test:443/x', 'https://*.a.test/v1'])).toEqual([
    never(1, 0),
    never(2, 0),
  ]);
  const limits = { tokens: { limit: 10, window: '1m', reserve: 11 } };
  expect(compile({ apps: [{ ...APP, limits }] }).said).toEqual([
    'warning apps[0].limits.tokens.reserve: is over the limit: what names no maximum of its own never passes',
  ]);
});

describe('every problem is named at once, with its place', () => {
  test('of the shape', () => {
    const { config, said } = compile({
      prot: 1,
      port: 70_000,
      drain: '1 week',
      store: { sqlit: 'a' },
      limits: { maxBody: '1 TB' },
      apps: [
        { ...APP, id: 'a/b', secrets: [], limits: { requests: { limit: 1.5 } } },
        { id: 'x', upstreams: [{ preset: 'opnai' }] },
        7,
      ],
    });
    expect(config).toBeNull();
    expect(said.sort()).toEqual(
      [
        'error prot: is not known: did you mean port?',
        'error port: must not be over 65535',
        'error drain: must be a time such as 30s, 500ms, 10m, 1h or 7d, or a number of seconds',
        'error store.sqlit: is not known: did you mean sqlite?',
        'error limits.maxBody: must be a size such as 10MiB or 512KiB, or a number of bytes',
        'error apps[0].id: must hold no slash and no control character',
        'error apps[0].secrets: must hold at least one secret',
        'error apps[0].limits.requests.limit: must be a whole number',
        'error apps[0].limits.requests.window: is missing',
        'error apps[1].secrets: is missing',
        'error apps[1].upstreams[0].preset: must be one of openai, anthropic, gemini: did you mean openai?',
        'error apps[2]: must be an object',
      ].sort(),
    );
  });

  test('of the shape, and of what the rest names', () => {
    const { config, said } = compile({
      prot: 1,
      allowNetworks: ['10.0.0.1/8'],
      store: { redis: 'http://h' },
      apps: [
        { ...APP, id: 'one', upstream: [] },
        7,
        { ...APP, id: 'two', secrets: ['env:SIGNWAY_NOT_SET'] },
        { ...APP, id: 'one' },
        { id: 'three', secrets: ['env:SIGNWAY_NOT_SET_EITHER'] },
      ],
    });
    expect(config).toBeNull();
    const errors = said.filter((each) => each.startsWith('error'));
    expect(errors.map((each) => each.slice(0, each.indexOf(': '))).sort()).toEqual(
      [
        'error prot',
        'error allowNetworks[0]',
        'error store.redis',
        'error apps[0].upstream',
        'error apps[1]',
        'error apps[2].secrets[0]',
        'error apps[3].id',
        'error apps[4].secrets[0]',
        'error apps[4].upstreams',
      ].sort(),
    );
  });

  test('in the order of the file, beside misshapen members of lists, and every unknown name', () => {
    const { said } = compile({
      apps: [
        {
          whenStoreIsAway: 'alow',
          id: 'one',
          secrets: [5, 'env:NOT_SET'],
          require: ['nonse'],
          upstreams: [
            { preset: 'antropic', key: 'env:KEY', keys: 1, headrs: {} },
            { origin: 'https://a.example.com/..;/b' },
          ],
          maxExpry: '1m',
          limits: {
            tokens: { limit: 1, window: '1d', reserve: 1, unreported: 'reservd' },
            requests: { limit: 1, window: 0 },
          },
        },
        'two',
        { secrets: 'env:SECRET', upstreams: [{ origin: 'ftp://example.com' }] },
      ],
      hst: 'a',
      prot: 1,
      allowNetworks: [7, '10.0.0.0'],
    });
    expect(said).toEqual([
      "error apps[0].whenStoreIsAway: must be 'refuse' or 'allow': did you mean allow?",
      'error apps[0].secrets[0]: must be a text',
      'error apps[0].secrets[1]: needs the environment variable NOT_SET, which is not set',
      'error apps[0].require[0]: must be nonce, subject or bodySchema: did you mean nonce?',
      'error apps[0].upstreams[0].preset: must be one of openai, anthropic, gemini: did you mean anthropic?',
      'error apps[0].upstreams[0].keys: is not known: did you mean key?',
      'error apps[0].upstreams[0].headrs: is not known: did you mean headers?',
      "error apps[0].upstreams[1].origin: the upstream 'https://a.example.com/..;/b' holds %2f, %5c, %2e, %25 or '..;' in its path: nothing would belong to it",
      'error apps[0].maxExpry: is not known: did you mean maxExpiry?',
      "error apps[0].limits.tokens.unreported: must be 'none' or 'reserved': did you mean reserved?",
      'error apps[0].limits.requests.window: must be over 0',
      'error apps[1]: must be an object',
      'error apps[2].id: is missing',
      'error apps[2].secrets: must be a list of texts',
      "error apps[2].upstreams[0].origin: the upstream 'ftp://example.com' must be an absolute http:// or https:// URL",
      'error hst: is not known: did you mean host?',
      'error prot: is not known: did you mean port?',
      'error allowNetworks[0]: must be a text',
      'error allowNetworks[1]: must be a network such as 10.0.0.0/8',
    ]);
  });

  test('of values that hardly are a configuration', () => {
    // The schema looks at no member of this name.
    const unseen = { ...APP, upstreams: [{ origin: 'https://a.example.com', headers: { constructor: 5 } }] };
    const values = [
      ...[null, 5, [], {}, { apps: 7 }, { apps: [] }, { apps: [[], {}, 5] }, new Map()],
      { prot: 1, apps: [unseen] },
    ];
    for (const value of [
      ...values,
      Object.create({ apps: [APP], x: 1 }),
      { apps: [Object.create({ x: 1 })] },
    ]) {
      const { config, said } = compile(value);
      expect(config).toBeNull();
      expect(said.length).toBeGreaterThan(0);
    }
  });

  test('of a base path that is none', () => {
    expect(compile({ apps: [APP], basePath: 'gw' }).said).toEqual([
      'error basePath: must be a path such as /gw',
    ]);
  });

  test('of what it names', () => {
    const { config, said } = compile({
      allowOrigins: ['https://app.example.com/'],
      allowNetworks: ['10.0.0.0'],
      resolve: ['api.example.com'],
      store: { sqlite: 'a', redis: 'b', timeout: 0 },
      upstreamCa: 'no/such.pem',
      limits: { clockSkew: '1500ms' },
      apps: [
        {
          id: 'app',
          maxExpiry: 0.5,
          secrets: ['env:NO_SUCH', 'file:no/such'],
          schemas: { 'a b': { type: 'text' } },
          limits: { requests: { limit: 1, window: 0 }, duration: '0s' },
          upstreams: [
            { origin: 'ftp://example.com' },
            { preset: 'openai' },
            {
              origin: 'https://a.example.com',
              key: 'x',
              headers: { Host: 'b', 'X-A': 'ü😀', 'x-a': 'env:NO_SUCH' },
            },
            { origin: '*', headers: { 'X-Key': 'k' } },
            { methods: ['get'] },
          ],
        },
        { ...APP },
      ],
    });
    expect(config).toBeNull();
    const errors = said.filter((each) => each.startsWith('error'));
    const places = errors.map((each) => each.slice(0, each.indexOf(': ')));
    expect(places.sort()).toEqual(
      [
        'error allowOrigins[0]',
        'error allowNetworks[0]',
        'error resolve[0]',
        'error store',
        'error store.timeout',
        'error upstreamCa',
        'error limits.clockSkew',
        'error apps[0].maxExpiry',
        'error apps[0].secrets[0]',
        'error apps[0].secrets[1]',
        'error apps[0].schemas["a b"]',
        'error apps[0].schemas["a b"]',
        'error apps[0].limits.requests.window',
        'error apps[0].limits.duration',
        'error apps[0].upstreams[0].origin',
        'error apps[0].upstreams[1]',
        'error apps[0].upstreams[2].key',
        'error apps[0].upstreams[2].headers.Host',
        'error apps[0].upstreams[2].headers["X-A"]',
        'error apps[0].upstreams[2].headers["x-a"]',
        'error apps[0].upstreams[3].origin',
        'error apps[0].upstreams[4]',
        'error apps[0].upstreams[4].methods[0]',
        'error apps[1].id',
      ].sort(),
    );
    expect(said).toContain(
      'error allowOrigins[0]: must be an origin such as https://app.example.com: did you mean https://app.example.com?',
    );
    expect(said).toContain(
      'error apps[0].secrets[0]: needs the environment variable NO_SUCH, which is not set',
    );
    expect(said).toContain(
      "error apps[0].upstreams[1]: needs the key of the preset openai: key: 'env:OPENAI_API_KEY'",
    );
  });

  test('and none repeats what could be a secret', () => {
    const { said } = compile({
      store: { redis: 'http://:canary-password@host' },
      apps: [
        {
          ...APP,
          secrets: ['canary-secret'],
          upstreams: [{ origin: 'https://a.example.com', headers: { 'X-Key': 'canary-value\n' } }],
        },
      ],
    });
    expect(said.length).toBeGreaterThan(2);
    const misshapen = compile({
      tls: 'canary',
      apps: [{ ...APP, upstreams: ['canary'], require: ['canary'] }],
    });
    expect(misshapen.said).toHaveLength(3);
    expect([...said, ...misshapen.said].join('\n')).not.toContain('canary');
  });
});

test('10,000 apps are checked and found', () => {
  const apps = Array.from({ length: 10_000 }, (_, i) => ({
    ...APP,
    id: `app-${i}`,
    upstreams: [{ preset: 'openai' as const, key: 'env:KEY' }],
    limits: { requests: { limit: 100, window: '1m' } },
  }));
  const { config } = compile({ apps });
  expect(createAppRegistry(config!.apps).find('app-9999')).toMatchObject({ id: 'app-9999' });
});
