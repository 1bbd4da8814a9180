import { describe, expect, test } from 'bun:test';
import { existsSync } from 'node:fs';
import { RawClient, rawRequest } from '../server/testing/rawClient.ts';
import { startUpstream } from '../server/testing/scriptedUpstream.ts';
import { signUrl } from '../signing/index.ts';
import { EXIT } from './exitCodes.ts';
import { runSignway } from './testing/runSignway.ts';
import { startServe } from './testing/startServe.ts';
import { temporaryFolder } from './testing/temporaryFolder.ts';

const SECRET = 'a-secret-of-this-test'.repeat(2);
const EVENT =
  'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\nb\r\ndata: one\n\n\r\n';

describe('signway revoke', () => {
  test('cuts a subject off on a running gateway, its stream included, and takes that back', async () => {
    using folder = temporaryFolder();
    await using upstream = await startUpstream((connection) => connection.send(EVENT));
    const path = folder.write(
      'signway.config.json',
      JSON.stringify({
        allowNetworks: ['127.0.0.0/8'],
        store: { sqlite: 'store.db' },
        apps: [{ id: 'app', secrets: [SECRET], upstreams: [{ origin: upstream.origin }] }],
      }),
    );
    await using serve = await startServe(['serve', '--config', path]);
    const url = (subject: string) =>
      signUrl({
        id: 'app',
        secret: SECRET,
        host: serve.url,
        proxyUrl: `${upstream.origin}/`,
        expiry: 60,
        method: 'GET',
        subject,
      });
    const open = async (subject: string) => {
      const client = new RawClient(Number(new URL(serve.url).port));
      client.send(rawRequest(url(subject)));
      await client.receive(/data: one/);
      return client;
    };
    using mallory = await open('mallory');
    using alice = await open('alice');
    const revoked = await runSignway(['revoke', 'app', '--subject', 'mallory', '--config', path]);
    expect([revoked.code, revoked.stdout]).toEqual([EXIT.done, '']);
    expect(await mallory.finished()).toContain(
      'event: signway.error\ndata: {"type":"urn:signway:problem:revoked"',
    );
    expect(alice.ended).toBe('open');
    expect((await fetch(url('mallory'))).headers.get('x-sw-error')).toBe('revoked');
    await runSignway(['revoke', 'app', '--subject', 'mallory', '--undo', '--config', path]);
    for (;;) {
      using again = new RawClient(Number(new URL(serve.url).port));
      again.send(rawRequest(url('mallory')));
      const answer = await again.receive(/data: one|X-Sw-Error/i);
      if (answer.includes('data: one')) break;
      await Bun.sleep(20);
    }
  }, 30_000);

  test.each([
    [['revoke'], "the app's id is missing"],
    [['revoke', 'app', '--store', 'sqlite:x'], 'name one of'],
    [['revoke', 'app', '--subject', 'a', '--nonce', 'b', '--store', 'sqlite:x'], 'name one of'],
    [['revoke', 'app', '--subject', 'a', '--store', 'memory'], 'say which store'],
    [['revoke', 'app', '--nonce', 'a b', '--store', 'sqlite:x'], '--nonce must be'],
    [['revoke', 'app', '--nonce', 'a', '--for', 'soon', '--store', 'sqlite:x'], '--for must be'],
    [['revoke', 'app', '--nonce', 'a', '--store', 'postgres://x'], '--store must be'],
  ])('refuses %j', async (args, message) => {
    const { stderr, code } = await runSignway(args);
    expect([code, stderr]).toEqual([EXIT.usage, expect.stringContaining(message)]);
  });

  test('says of no app and of no store that nothing is cut off', async () => {
    using folder = temporaryFolder();
    const path = folder.write(
      'signway.config.json',
      JSON.stringify({
        store: { sqlite: 'store.db' },
        apps: [{ id: 'my-app', secrets: [SECRET], upstreams: [{ origin: 'https://api.example.com' }] }],
      }),
    );
    const cases = [
      [['my-ap', '--config', path], EXIT.usage, "there is no app 'my-ap' in .*: did you mean my-app?"],
      [['my-app', '--config', path], EXIT.failed, 'there is no store .*store.db'],
      [['my-app', '--store', `sqlite:${path}.db`], EXIT.failed, 'there is no store'],
    ] as const;
    for (const [args, expected, message] of cases) {
      const { code, stderr } = await runSignway(['revoke', ...args, '--subject', 'a']);
      expect([code, stderr]).toEqual([expected, expect.stringMatching(new RegExp(message))]);
    }
    expect(existsSync(`${path}.db`)).toBe(false);
  });

  test('fails when the store is away, and shows no password', async () => {
    const { stderr, code } = await runSignway([
      'revoke',
      'app',
      '--subject',
      'a',
      '--store',
      'redis://:canary@127.0.0.1:1',
    ]);
    expect([code, stderr]).toEqual([EXIT.failed, expect.stringContaining('the store cannot be asked')]);
    expect(stderr).not.toContain('canary');
  });
});
