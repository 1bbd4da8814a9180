import { describe, expect, setDefaultTimeout, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { signUrl } from '../../signing/index.ts';
import { createSqliteStore } from '../stores/sqliteStore.ts';
import { APP, startGateway } from '../testing/gateway.ts';
import { startUpstream } from '../testing/scriptedUpstream.ts';

// Machines are slow and loaded, and nothing here is about time.
setDefaultTimeout(60_000);

const OK = 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi';
const answering = () => startUpstream((connection) => connection.send(OK));

const code = (response: Response) => response.headers.get('x-sw-error');

describe('a URL for one use', () => {
  test('sent 100 times at once is answered exactly once', async () => {
    await using upstream = await answering();
    await using gateway = startGateway();
    const url = gateway.sign(upstream.origin, { nonce: 'once' });
    const answers = await Promise.all(Array.from({ length: 100 }, () => fetch(url)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    for (const answer of answers.filter(({ status }) => status !== 200)) {
      expect([answer.status, code(answer), answer.headers.get('x-should-retry')]).toEqual([
        403,
        'already_used',
        'false',
      ]);
    }
    expect(upstream.accepted).toBe(1);
  });

  test('is not good again after a restart, on a store that lasts', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'signway-replay-'));
    await using upstream = await answering();
    const statuses: number[] = [];
    for (let start = 0; start < 2; start++) {
      const store = createSqliteStore({ path: join(folder, 'store.db') });
      await using gateway = startGateway({ store });
      statuses.push((await fetch(gateway.sign(upstream.origin, { nonce: 'once' }))).status);
      await gateway.stop();
      await store.close();
    }
    expect(statuses).toEqual([200, 403]);
    rmSync(folder, { recursive: true });
  });

  test('of several uses is good for each of them, and for no more', async () => {
    await using upstream = await answering();
    await using gateway = startGateway();
    const url = gateway.sign(upstream.origin, { nonce: 'thrice', uses: 3 });
    const answers = await Promise.all(Array.from({ length: 20 }, () => fetch(url)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(3);
  });

  test('shares its count with every URL of its nonce, whatever else they say', async () => {
    await using upstream = await answering();
    await using gateway = startGateway();
    const ask = async (options: Parameters<typeof gateway.sign>[1]) =>
      (await fetch(gateway.sign(`${upstream.origin}/`, { nonce: 'shared', ...options }))).status;
    expect(await ask({ uses: 2 })).toBe(200);
    expect(await ask({ expiry: 600, subject: 'a' })).toBe(403);
    expect(await ask({ expiry: 600, uses: 2 })).toBe(200);
    expect(await ask({ uses: 2 })).toBe(403);
  });

  test('is remembered until the latest expiry seen with its nonce, and the skew', async () => {
    let now = Date.UTC(2026, 10, 24);
    const date = new Date(now);
    await using upstream = await answering();
    await using gateway = startGateway({ clock: () => now });
    const ask = async (expiry: number, at = date) =>
      code(await fetch(gateway.sign(upstream.origin, { nonce: 'two-expiries', date: at, expiry })));
    expect(await ask(60)).toBeNull();
    expect(await ask(3600)).toBe('already_used');
    now += 61_000;
    expect(await ask(60)).toBe('expired');
    expect(await ask(3600)).toBe('already_used');
  });

  test('has nothing to do with the same nonce of another app', async () => {
    await using upstream = await answering();
    const upstreams = [{ origin: '*', headers: [] }];
    await using gateway = startGateway({
      apps: [
        { id: APP.id, secrets: [APP.secret], upstreams },
        { id: 'other', secrets: [APP.secret], upstreams },
      ],
    });
    for (const id of [APP.id, 'other']) {
      const url = gateway.sign(upstream.origin, { id, nonce: 'same' });
      expect([(await fetch(url)).status, (await fetch(url)).status]).toEqual([200, 403]);
    }
  });

  test('is used by nothing that was refused', async () => {
    await using upstream = await answering();
    await using gateway = startGateway();
    const options = { nonce: 'careful', method: 'POST', bodySchema: { type: 'object' } } as const;
    const url = gateway.sign(upstream.origin, options);
    const post = (body: string, target = url) =>
      fetch(target, { method: 'POST', body, headers: { 'content-type': 'application/json' } });
    expect(code(await fetch(url))).toBe('signature_mismatch');
    expect(code(await post('[]'))).toBe('body_not_allowed');
    expect(
      code(
        await post(
          '{}',
          url.replace(/.$/, (digit) => (digit === '0' ? '1' : '0')),
        ),
      ),
    ).not.toBeNull();
    expect((await post('{}')).status).toBe(200);
    expect(code(await post('{}'))).toBe('already_used');
  });

  test('gets its use back when nothing was sent upstream, and only then', async () => {
    const refusing = await answering();
    const { origin } = refusing;
    await refusing[Symbol.asyncDispose]();
    await using breaking = await startUpstream((connection) => void connection.socket.destroy());
    await using gateway = startGateway();
    const unreachable = gateway.sign(origin, { nonce: 'unreachable' });
    for (let i = 0; i < 3; i++) expect(code(await fetch(unreachable))).toBe('upstream_unreachable');
    const broken = gateway.sign(breaking.origin, { nonce: 'broken' });
    expect(code(await fetch(broken))).toBe('upstream_unreachable');
    expect(code(await fetch(broken))).toBe('already_used');
  });

  test.each([
    [{ 'X-Sw-Uses': '5' }, 'invalid_parameter'],
    [{ 'X-Sw-Nonce': 'a', 'X-Sw-Uses': '0' }, 'invalid_parameter'],
    [{ 'X-Sw-Nonce': 'a/../b' }, 'invalid_parameter'],
    [{ 'X-Sw-nonce': 'a' }, 'unknown_parameter'],
  ] as [Record<string, string>, string][])(
    'that says %j is refused with %s',
    async (extensions, expected) => {
      await using upstream = await answering();
      await using gateway = startGateway();
      const url = signUrl({
        ...APP,
        host: gateway.url.href,
        proxyUrl: upstream.origin,
        expiry: 60,
        method: 'GET',
        extensions,
      });
      expect(code(await fetch(url))).toBe(expected);
      expect(upstream.accepted).toBe(0);
    },
  );

  test('cannot lose its nonce, or be given another', async () => {
    await using upstream = await answering();
    await using gateway = startGateway();
    const url = gateway.sign(upstream.origin, { nonce: 'one', uses: 1 });
    const attempts = [
      url.replace('&X-Sw-Nonce=one', ''),
      url.replace('X-Sw-Nonce=one', 'X-Sw-Nonce=two'),
      url.replace('X-Sw-Uses=1', 'X-Sw-Uses=2'),
      `${url}&X-Sw-Nonce=two`,
    ];
    const codes = await Promise.all(attempts.map(async (attempt) => code(await fetch(attempt))));
    expect(codes).toEqual([
      'signature_mismatch',
      'signature_mismatch',
      'signature_mismatch',
      'duplicate_parameter',
    ]);
    expect(upstream.accepted).toBe(0);
  });
});
