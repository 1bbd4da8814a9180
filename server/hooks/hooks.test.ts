import { describe, expect, test } from 'bun:test';
import { AsyncLocalStorage } from 'node:async_hooks';
import { FRONTS, INJECTED, startGateway } from '../testing/gateway.ts';
import { RawClient, rawRequest } from '../testing/rawClient.ts';
import { startUpstream } from '../testing/scriptedUpstream.ts';
import type { HookContext, UpstreamHead } from './hooks.ts';

const hi = ({ send }: { send(text: string): void }) =>
  send('HTTP/1.1 201 Created\r\nETag: "x"\r\nContent-Length: 2\r\n\r\nhi');

describe.each(FRONTS)('by the front %s:', (front) => {
  test('hooks that return nothing let request and answer pass, and know what they are about', async () => {
    await using upstream = await startUpstream(hi);
    const told: { context: HookContext; head?: UpstreamHead }[] = [];
    await using gateway = startGateway({
      front,
      beforeUpstream: (context) => void told.push({ context }),
      afterUpstream: async (context, head) => void told.push({ context, head }),
    });
    const url = gateway.sign(`${upstream.origin}/v1/x?key=secret`, {
      method: 'PUT',
      extensions: { 'X-Sw-Subject': 'user-7' },
    });
    const answer = await fetch(url, { method: 'PUT', headers: { 'X-One': '1' }, body: 'x' });
    expect([answer.status, await answer.text()]).toEqual([201, 'hi']);
    const [before, after] = told;
    expect(before!.context).toEqual({
      requestId: answer.headers.get('x-sw-request-id')!,
      app: 'my-id',
      subject: 'user-7',
      method: 'PUT',
      upstream: `${upstream.origin}/v1/x`,
      headers: expect.any(Headers),
    });
    expect(before!.context.headers.get('x-one')).toBe('1');
    expect(JSON.stringify([...before!.context.headers])).not.toContain(INJECTED[0][1]);
    expect(after!.context).toBe(before!.context);
    expect([after!.head!.status, after!.head!.headers.get('etag')]).toEqual([201, '"x"']);
  });

  test('beforeUpstream answers in place of the upstream, which is not called', async () => {
    await using upstream = await startUpstream(hi);
    await using gateway = startGateway({
      front,
      beforeUpstream: async ({ upstream: url }) =>
        url.endsWith('/cached') ? Response.json({ from: 'cache' }, { headers: { 'X-Cache': 'hit' } }) : null,
    });
    const record = gateway.nextRecord();
    const answer = await fetch(gateway.sign(`${upstream.origin}/cached`));
    expect(await answer.json()).toEqual({ from: 'cache' });
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'x-cache': 'hit',
      'content-type': 'application/json;charset=utf-8',
      'access-control-allow-origin': '*',
    });
    expect(await record).toMatchObject({
      id: answer.headers.get('x-sw-request-id'),
      app: 'my-id',
      upstream: upstream.origin,
      status: 200,
      ending: 'complete',
      bytesOut: '{"from":"cache"}'.length,
    });
    expect(upstream.accepted).toBe(0);
    expect((await fetch(gateway.sign(`${upstream.origin}/other`))).status).toBe(201);
  });

  test('what a hook keeps in its asynchronous context is found by no hook of another request', async () => {
    await using upstream = await startUpstream(hi);
    const users = new AsyncLocalStorage<string>();
    const found: unknown[] = [];
    await using gateway = startGateway({
      front,
      beforeUpstream({ requestId }) {
        found.push(users.getStore());
        users.enterWith(requestId);
      },
    });
    const url = gateway.sign(`${upstream.origin}/`);
    const client = async () => {
      for (let i = 0; i < 10; i++) await (await fetch(url)).text();
    };
    await Promise.all(Array.from({ length: 10 }, client));
    expect(found).toEqual(Array(100).fill(undefined));
  });

  test.each(['No\r\nX-Split: 1', 'No\u010d\u010aX-Split: 1', 'No\u0000'])(
    'a reason phrase of a hook that would split the head, or spoil it, is left out: %j',
    async (statusText) => {
      await using gateway = startGateway({
        front,
        beforeUpstream: () => new Response('no', { status: 403, statusText }),
      });
      const url = gateway.sign('http://127.0.0.1:9/');
      using client = new RawClient(gateway).send(rawRequest(url, { headers: { Connection: 'close' } }));
      const answer = await client.finished();
      expect(answer).toStartWith('HTTP/1.1 403 Forbidden\r\n');
      expect(answer).not.toContain('X-Split');
    },
  );

  test('a URL that is good for one answer is used up by the answer of a hook', async () => {
    await using gateway = startGateway({ front, beforeUpstream: () => new Response('mine') });
    const url = gateway.sign('http://127.0.0.1:9/', { nonce: 'abc' });
    expect(await (await fetch(url)).text()).toBe('mine');
    expect((await fetch(url)).headers.get('x-sw-error')).toBe('already_used');
  });

  test('afterUpstream answers in place of the upstream, whose stream is given up', async () => {
    await using upstream = await startUpstream(({ send }) =>
      send('HTTP/1.1 500 Oh\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n'),
    );
    await using gateway = startGateway({
      front,
      afterUpstream: (_, { status }) => (status < 500 ? null : new Response(null, { status: 204 })),
    });
    const answer = await fetch(gateway.sign(`${upstream.origin}/`));
    expect([answer.status, await answer.text()]).toEqual([204, '']);
    await (await upstream.next()).gone;
  });

  test.each(['beforeUpstream', 'afterUpstream'] as const)(
    'a %s that throws is a 500 without details, and logged',
    async (name) => {
      await using upstream = await startUpstream(hi);
      await using gateway = startGateway({
        front,
        [name]: async () => {
          throw new RangeError('canary');
        },
      });
      const record = gateway.nextRecord();
      const answer = await fetch(gateway.sign(`${upstream.origin}/`));
      expect([answer.status, await answer.text()]).toEqual([500, '']);
      expect(JSON.stringify([...answer.headers])).not.toContain('canary');
      const { reason, ending } = await record;
      expect(ending).toBe('refused');
      expect(reason).toStartWith(`${name}: RangeError at `);
      expect(reason).not.toContain('canary');
    },
  );

  test('is not asked about a request that is refused', async () => {
    let asked = 0;
    await using gateway = startGateway({ front, beforeUpstream: () => void asked++ });
    const url = gateway.sign('http://127.0.0.1:9/').replace(/.$/, (last) => (last === '0' ? '1' : '0'));
    expect((await fetch(url)).headers.get('x-sw-error')).toBe('signature_mismatch');
    expect(asked).toBe(0);
  });

  test('what a hook does to its context changes nothing upstream', async () => {
    await using upstream = await startUpstream(hi);
    await using gateway = startGateway({
      front,
      beforeUpstream: ({ headers }) => headers.set('x-one', 'changed'),
    });
    await fetch(gateway.sign(`${upstream.origin}/`), { headers: { 'X-One': '1' } });
    expect((await upstream.next()).received.toLowerCase()).toContain('\r\nx-one: 1\r\n');
  });

  test.each([204, 205, 304])('an answer of a hook with %i has no body, whatever it holds', async (status) => {
    await using gateway = startGateway({ front, beforeUpstream: () => new Response('body', { status }) });
    using client = new RawClient(gateway).send(rawRequest(gateway.sign('http://127.0.0.1:9/')));
    expect(await client.receive(/\r\n\r\n/)).toEndWith('\r\n\r\n');
    client.send(`GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
    const [, second, body] = (await client.finished()).split('\r\n\r\n');
    expect([second!.split('\r\n')[0], body]).toEqual(['HTTP/1.1 200 OK', 'alive\n']);
    expect(gateway.records).toMatchObject([{ status, ending: 'complete', bytesOut: 0 }]);
    expect(gateway.gauges.requests).toBe(0);
  });

  test('a client that leaves while a hook looks at the answer leaves one record, and nothing else', async () => {
    await using upstream = await startUpstream(({ send }) =>
      send('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe'),
    );
    const asked = Promise.withResolvers<void>();
    await using gateway = startGateway({
      front,
      async afterUpstream() {
        asked.resolve();
        // Once the client has been seen to leave, its upstream goes.
        await (await upstream.next()).gone;
      },
    });
    const record = gateway.nextRecord();
    const client = new RawClient(gateway).send(rawRequest(gateway.sign(`${upstream.origin}/`)));
    await asked.promise;
    client.leave();
    expect(await record).toMatchObject({ ending: 'client_gone' });
    expect(gateway.gauges.requests).toBe(0);
  });

  test('a stream of a hook whose client takes nothing of it, and leaves, is given up', async () => {
    const cancelled = Promise.withResolvers<void>();
    let pulled = 0;
    const endless = () =>
      new ReadableStream<Uint8Array>({
        pull(controller) {
          pulled++;
          controller.enqueue(new Uint8Array(500_000));
        },
        cancel: () => cancelled.resolve(),
      });
    await using gateway = startGateway({ front, beforeUpstream: () => new Response(endless()) });
    const record = gateway.nextRecord();
    const client = new RawClient(gateway);
    client.pause();
    client.send(rawRequest(gateway.sign('http://127.0.0.1:9/')));
    for (let before = -1, rounds = 0; rounds < 50; rounds++) {
      await fetch(new URL('/healthz', gateway.url));
      if (pulled !== before) rounds = 0;
      before = pulled;
    }
    client.leave();
    await cancelled.promise;
    expect(await record).toMatchObject({ ending: 'client_gone' });
  });

  test('a stream of a hook may hold text, and one of anything else is no clean end', async () => {
    const streamOf = (...parts: unknown[]) =>
      new ReadableStream({
        start(controller) {
          for (const part of parts) controller.enqueue(part);
          controller.close();
        },
      });
    const streams = [streamOf('grüße ', new TextEncoder().encode('bytes')), streamOf('text', { no: 'body' })];
    await using gateway = startGateway({ front, beforeUpstream: () => new Response(streams.shift()!) });
    const url = gateway.sign('http://127.0.0.1:9/');
    expect(await (await fetch(url)).text()).toBe('grüße bytes');
    expect(gateway.records[0]).toMatchObject({ ending: 'complete', bytesOut: 13 });
    using broken = new RawClient(gateway).send(rawRequest(url));
    expect(await broken.finished()).not.toMatch(/0\r\n\r\n$/);
    expect(gateway.records[1]).toMatchObject({ ending: 'broken', bytesOut: 4 });
  });

  test('a stream of a hook that breaks is no clean end, and one whose client leaves is given up', async () => {
    const cancelled = Promise.withResolvers<void>();
    const streams = [
      new ReadableStream({
        pull: (controller) => controller.error(new Error('canary')),
        start: (controller) => controller.enqueue(new TextEncoder().encode('one')),
      }),
      new ReadableStream({
        start: (controller) => controller.enqueue(new TextEncoder().encode('two')),
        cancel: () => cancelled.resolve(),
      }),
    ];
    await using gateway = startGateway({ front, beforeUpstream: () => new Response(streams.shift()!) });
    const url = gateway.sign('http://127.0.0.1:9/');
    using broken = new RawClient(gateway).send(rawRequest(url));
    expect(await broken.finished()).not.toMatch(/0\r\n\r\n$/);
    expect(gateway.records[0]).toMatchObject({ ending: 'broken', reason: 'body: the hook threw' });
    const record = gateway.nextRecord();
    const leaving = new RawClient(gateway).send(rawRequest(url));
    await leaving.receive(/two/);
    leaving.leave();
    await cancelled.promise;
    expect(await record).toMatchObject({ ending: 'client_gone', bytesOut: 3 });
  });
});
