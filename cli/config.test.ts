import { describe, expect, setDefaultTimeout, test } from 'bun:test';
import { EXIT } from './exitCodes.ts';
import { runSignway } from './testing/runSignway.ts';
import { temporaryFolder } from './testing/temporaryFolder.ts';

// Machines are slow and loaded, and nothing here is about time.
setDefaultTimeout(60_000);

const ENV = {
  SECRET: 'canary-secret-canary-secret-canary-secret',
  KEY: 'canary-key',
  REDIS: 'redis://user:canary-password@127.0.0.1:6379/?token=canary-token',
};
const GOOD = `{
  "port": 4000,
  "store": { "redis": "env:REDIS" },
  "limits": { "headTimeout": "90s" },
  "apps": [
    {
      "id": "app",
      "secrets": ["env:SECRET"],
      "upstreams": [
        { "preset": "openai", "key": "env:KEY" },
        { "origin": "https://api.example.com", "headers": { "X-Key": "Key {env:KEY}" } }
      ],
      "limits": { "requests": { "limit": 5, "window": "1m" } }
    }
  ]
}
`;

describe('signway config check', () => {
  test('says that a file can be used', async () => {
    using folder = temporaryFolder();
    const ran = await runSignway(['config', 'check', folder.write('signway.config.json', GOOD)], {
      env: ENV,
    });
    expect([ran.stdout, ran.code]).toEqual(['', EXIT.done]);
    expect(ran.stderr).toContain('can be used: one app');
  });

  test('says all that is wrong with a large file, to the last line', async () => {
    using folder = temporaryFolder();
    const upstreams = [{ origin: 'https://api.example.com' }];
    const apps = Array.from({ length: 5000 }, (_, i) => ({
      id: `app-${i}`,
      secrets: ['env:NOT_SET'],
      upstreams,
    }));
    const path = folder.write('signway.config.json', JSON.stringify({ apps }, null, 1));
    const { stderr, code } = await runSignway(['config', 'check', path]);
    expect(code).toBe(EXIT.configuration);
    const said = stderr.trimEnd().split('\n');
    expect(said).toHaveLength(5001);
    expect(said.at(-1)).toEndWith(
      'apps[4999].secrets[0] needs the environment variable NOT_SET, which is not set',
    );
  });

  test('names everything that is wrong at once, each with its place', async () => {
    using folder = temporaryFolder();
    const bad = GOOD.replace('"port": 4000', '"prot": 4000')
      .replace('"90s"', '"soon"')
      .replace('"preset": "openai"', '"preset": "opnai"')
      .replace('env:SECRET', 'short');
    const path = folder.write('signway.config.json', bad);
    const { stderr, code } = await runSignway(['config', 'check', path], { env: ENV });
    expect(code).toBe(EXIT.configuration);
    expect(stderr).toContain('3 things are wrong in');
    expect(stderr).toContain('signway.config.json:2:3 prot is not known: did you mean port?');
    expect(stderr).toContain('signway.config.json:4:15 limits.headTimeout must be a time such as 30s');
    expect(stderr).toContain('signway.config.json:10:11 apps[0].upstreams[0].preset must be one of openai');
    expect(stderr).toMatch(/warning: \S*signway.config.json:8:19 apps\[0\].secrets\[0\] has 5 bytes/);
  });

  test('says which variable and which file is missing', async () => {
    using folder = temporaryFolder();
    const path = folder.write('signway.config.json', GOOD.replace('env:SECRET', 'file:no-such-file'));
    const { stderr, code } = await runSignway(['config', 'check', path], { env: {} });
    expect(code).toBe(EXIT.configuration);
    expect(stderr).toContain('apps[0].secrets[0] needs the file no-such-file, which cannot be read: ENOENT');
    expect(stderr).toContain('store.redis needs the environment variable REDIS');
  });

  test('warns of secrets in a file that others can read', async () => {
    using folder = temporaryFolder();
    const path = folder.write('signway.config.json', GOOD.replace('env:SECRET', ENV.SECRET), 0o644);
    const { stderr, code } = await runSignway(['config', 'check', path], { env: ENV });
    expect(code).toBe(EXIT.done);
    expect(stderr).toContain('is written down here');
    expect(stderr).toContain('can be read by every user of this machine');
    expect(stderr).not.toContain('canary');
  });

  test('needs a file', async () => {
    const { stderr, code } = await runSignway(['config', 'check', '/no/such/signway.config.json']);
    expect([code, stderr]).toEqual([EXIT.configuration, expect.stringContaining('ENOENT')]);
    expect((await runSignway(['config'])).code).toBe(EXIT.usage);
  });
});

describe('signway config show', () => {
  test('shows what is in force, by flag, environment, file and default, without a secret', async () => {
    using folder = temporaryFolder();
    const path = folder.write('signway.config.json', GOOD);
    const show = async (args: string[], env: Record<string, string> = {}) => {
      const ran = await runSignway(['config', 'show', path, ...args], { env: { ...ENV, ...env } });
      expect(ran.code).toBe(EXIT.done);
      expect(ran.stdout + ran.stderr).not.toContain('canary');
      return JSON.parse(ran.stdout);
    };
    const [fromFile, fromEnvironment, fromFlags] = await Promise.all([
      show([]),
      show([], { PORT: '5000', SW_STORE: 'memory' }),
      show(['--port', '6000', '--store', 'sqlite:/x', '--head-timeout', '1s', '--drain', '5s'], {
        PORT: '5000',
        SW_STORE: 'memory',
      }),
    ]);
    expect(fromFile).toMatchObject({
      config: path,
      port: 4000,
      host: 'every address',
      drainMs: 30_000,
      store: { kind: 'redis', url: 'redis://:redacted@127.0.0.1:6379/?token=redacted' },
      limits: { headTimeout: 90_000, maxExpiry: 604_800 },
      apps: [
        {
          id: 'app',
          secrets: ['[redacted]'],
          upstreams: [
            { origin: 'https://api.openai.com', headers: { Authorization: '[redacted]' } },
            { origin: 'https://api.example.com', headers: { 'X-Key': '[redacted]' } },
          ],
          limits: { requests: { limit: 5, window: 60_000 } },
        },
      ],
    });
    expect([fromEnvironment.port, fromEnvironment.store]).toEqual([5000, { kind: 'memory' }]);
    expect(fromFlags).toMatchObject({
      port: 6000,
      drainMs: 5000,
      store: { kind: 'sqlite', path: '/x' },
      limits: { headTimeout: 1000 },
    });
  });
});
