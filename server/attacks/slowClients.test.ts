import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { FUZZ_TIMEOUT, fuzzRuns } from '../testing/fuzzRuns.ts';
import { startGateway, type TestGateway, WIRE_FRONTS } from '../testing/gateway.ts';
import { RawClient, rawRequest } from '../testing/rawClient.ts';
import { startUpstream } from '../testing/scriptedUpstream.ts';

const OK = 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi';
const MANY = 200;

describe('a crowd of slow clients', () => {
  const DRIBBLED = {
    'that never finish their heads': {
      bytes: () => 'GET / HTTP/1.1\r\nHost: a\r\nX-',
      code: 'request_timeout',
    },
    'that never begin': { bytes: () => '', code: null },
    'that never finish a signed body': {
      bytes: (gateway: TestGateway, origin: string) => {
        const url = gateway.sign(`${origin}/`, { method: 'POST', body: 'hello' });
        return rawRequest(url, { method: 'POST', headers: { 'Content-Length': '5' }, body: 'hell' });
      },
      code: 'request_timeout',
    },
    'that never finish a body that is passed on': {
      bytes: (gateway: TestGateway, origin: string) => {
        const url = gateway.sign(`${origin}/slow`, { method: 'POST' });
        return rawRequest(url, { method: 'POST', headers: { 'Content-Length': '5' }, body: 'hell' });
      },
      code: 'request_timeout',
    },
  };

  test.each(Object.keys(DRIBBLED) as (keyof typeof DRIBBLED)[])(
    '%s are ended, and the others are served meanwhile',
    async (name) => {
      const { bytes, code } = DRIBBLED[name];
      await using upstream = await startUpstream(({ send }, head) => {
        if (!head.includes('/slow ')) send(OK);
      });
      const limits = { headerTimeout: 700, keepAliveTimeout: 700, bodyTimeout: 700, bodySilenceTimeout: 700 };
      await using gateway = startGateway({ limits });
      const sent = bytes(gateway, upstream.origin);
      const slow = Array.from({ length: MANY }, () => new RawClient(gateway).send(sent));
      for (let asked = 0; asked < 20; asked++) {
        expect(await (await gateway.ask(gateway.sign(`${upstream.origin}/`))).text()).toBe('hi');
      }
      for (const client of slow) {
        await client.finished();
        const answered = /X-Sw-Error: (\S+)/.exec(client.received)?.[1] ?? null;
        expect(answered).toBe(code);
      }
      for (let turn = 0; turn < 100 && gateway.gauges.upstream.active > 0; turn++) await Bun.sleep(20);
      expect(gateway.gauges).toMatchObject({ requests: 0, heldBytes: 0, upstream: { active: 0 } });
    },
    60_000,
  );
});

describe.each(WIRE_FRONTS)('front %s', (front) => {
  test('clients that take nothing of their answers are ended', async () => {
    const block = Buffer.alloc(4 * 1024 * 1024, 'x');
    await using upstream = await startUpstream(({ send, socket }) => {
      send(`HTTP/1.1 200 OK\r\nContent-Length: ${block.length * 100}\r\n\r\n`);
      const fill = () => {
        while (socket.writable && socket.write(block));
      };
      socket.on('drain', fill);
      fill();
    });
    await using gateway = startGateway({ front, limits: { sendTimeout: 500, silenceTimeout: 0 } });
    const clients = Array.from({ length: 10 }, () => {
      const client = new RawClient(gateway).send(rawRequest(gateway.sign(`${upstream.origin}/`)));
      client.pause();
      return client;
    });
    while (gateway.records.length < clients.length) await gateway.nextRecord();
    expect(gateway.records.every(({ ending }) => ending === 'client_gone')).toBe(true);
    for (const client of clients) client.leave();
    for (let turn = 0; turn < 100 && upstream.open > 0; turn++) await Bun.sleep(20);
    expect(upstream.open).toBe(0);
  }, 60_000);

  test('a connection on which nothing more comes is closed, whatever was asked on it', async () => {
    await using upstream = await startUpstream(({ send, socket }, head) => {
      send(head.includes('/stream ') ? 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n' : OK);
      if (head.includes('/stream ')) setTimeout(() => socket.write('2\r\nhi\r\n0\r\n\r\n'), 100);
    });
    const limits = { keepAliveTimeout: 1000, bodyTimeout: 300, bodySilenceTimeout: 300 };
    await using gateway = startGateway({ front, limits });
    const posted = (path: string, signing: { body?: string } = {}) =>
      rawRequest(gateway.sign(upstream.origin + path, { method: 'POST', ...signing }), {
        method: 'POST',
        headers: { 'Content-Length': '5' },
        body: 'hell',
      });
    const asked = [
      rawRequest(gateway.sign(`${upstream.origin}/`)),
      rawRequest(gateway.sign(`${upstream.origin}/stream`)),
      rawRequest(new URL('/nothing', gateway.url).href),
      posted('/', { body: 'hello' }),
      posted('/'),
      posted('/').replace('POST /', 'POST /nothing'),
    ];
    const clients = asked.map((bytes) => new RawClient(gateway).send(bytes));
    for (const client of clients) {
      await client.finished();
      expect(client.received).toStartWith('HTTP/1.1 ');
    }
  }, 60_000);

  test(
    'clients that leave at any moment leave nothing behind',
    async () => {
      const stream =
        'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n';
      await using upstream = await startUpstream(({ send, socket }, head) => {
        if (head.includes('/silent ')) return;
        send(`${stream}a\r\ndata: one\n\r\n`);
        const timer = setInterval(() => send('a\r\ndata: two\n\r\n'), 1);
        socket.on('close', () => clearInterval(timer));
      });
      await using gateway = startGateway({ front });
      const body = 'x'.repeat(2000);
      await fc.assert(
        fc.asyncProperty(
          fc.constantFrom('/stream', '/silent'),
          fc.boolean(),
          fc.nat({ max: 3500 }),
          fc.nat({ max: 3 }),
          async (path, signsBody, sent, turns) => {
            const url = gateway.sign(upstream.origin + path, {
              method: 'POST',
              ...(signsBody ? { body } : {}),
            });
            const headers = { 'Content-Length': String(body.length) };
            const client = new RawClient(gateway);
            client.send(rawRequest(url, { method: 'POST', headers, body }).slice(0, sent));
            for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
            client.leave();
          },
        ),
        fuzzRuns(300),
      );
      const { gauges } = gateway;
      for (let turn = 0; turn < 200 && gauges.requests + gauges.upstream.active > 0; turn++)
        await Bun.sleep(20);
      expect(gauges).toMatchObject({ requests: 0, heldBytes: 0, upstream: { active: 0 } });
    },
    FUZZ_TIMEOUT,
  );
});
