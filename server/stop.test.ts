import { describe, expect, test } from 'bun:test';
import { startGateway, WIRE_FRONTS } from './testing/gateway.ts';
import { RawClient, rawRequest } from './testing/rawClient.ts';
import { startUpstream, type UpstreamConnection } from './testing/scriptedUpstream.ts';

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n';

describe.each(WIRE_FRONTS)('by the front %s:', (front) => {
  describe('stop', () => {
    test('lets 200 running streams end cleanly, and takes no new connection', async () => {
      await using upstream = await startUpstream(({ send }) => send(`${HEAD}b\r\ndata: one\n\n\r\n`));
      await using gateway = startGateway({ front });
      const clients = Array.from({ length: 200 }, () => new RawClient(gateway));
      const connections: UpstreamConnection[] = [];
      for (const client of clients) {
        client.send(rawRequest(gateway.sign(`${upstream.origin}/`)));
        connections.push(await upstream.next());
      }
      await Promise.all(clients.map((client) => client.receive(/data: one/)));

      const stopped = gateway.stop({ drain: 10_000 });
      using late = new RawClient(gateway);
      late.send(rawRequest(gateway.sign(`${upstream.origin}/`)));
      expect(await late.finished()).toBe('');
      for (const connection of connections) connection.send('b\r\ndata: two\n\n\r\n0\r\n\r\n');
      expect(await stopped).toEqual({ brokenOff: 0 });
      for (const client of clients) {
        expect(await client.receive(/0\r\n\r\n$/)).toEndWith(
          'data: one\n\n\r\nb\r\ndata: two\n\n\r\n0\r\n\r\n',
        );
      }
    });

    test('waits for a stream without end where it may take for ever', async () => {
      await using upstream = await startUpstream(({ send }) => send(`${HEAD}b\r\ndata: one\n\n\r\n`));
      await using gateway = startGateway({ front });
      using client = new RawClient(gateway);
      client.send(rawRequest(gateway.sign(`${upstream.origin}/`)));
      await client.receive(/data: one/);
      const stopped = gateway.stop({ drain: Number.POSITIVE_INFINITY });
      await Bun.sleep(50);
      (await upstream.next()).send('0\r\n\r\n');
      expect(await stopped).toEqual({ brokenOff: 0 });
    });

    test('breaks off what has not ended in time, and tells an event stream why', async () => {
      await using upstream = await startUpstream(({ send }) => send(`${HEAD}b\r\ndata: one\n\n\r\n`));
      await using gateway = startGateway({ front });
      using client = new RawClient(gateway);
      client.send(rawRequest(gateway.sign(`${upstream.origin}/`)));
      await client.receive(/data: one/);
      const record = gateway.nextRecord();
      expect(await gateway.stop({ drain: 50 })).toEqual({ brokenOff: 1 });
      const received = await client.finished();
      expect(received).toContain('event: signway.error\ndata: {"type":"urn:signway:problem:shutting_down"');
      expect(received).not.toMatch(/0\r\n\r\n$/);
      expect(await record).toMatchObject({ ending: 'shut_down', code: 'shutting_down' });
      await (await upstream.next()).gone;
    });

    test('breaks off a request that waits for its head, and records that it did', async () => {
      await using upstream = await startUpstream();
      await using gateway = startGateway({ front });
      using client = new RawClient(gateway);
      client.send(rawRequest(gateway.sign(`${upstream.origin}/`)));
      const connection = await upstream.next();
      const record = gateway.nextRecord();
      expect(await gateway.stop({ drain: 50 })).toEqual({ brokenOff: 1 });
      expect(await client.finished()).not.toStartWith('HTTP/1.1 2');
      expect(await record).toMatchObject({ ending: 'shut_down', code: 'shutting_down', status: 499 });
      await connection.gone;
    });

    test('never completes a broken event by what it says', async () => {
      await using upstream = await startUpstream(({ send }) => send(`${HEAD}b\r\ndata: one\n\n\r\n`));
      await using gateway = startGateway({ front });
      using client = new RawClient(gateway);
      client.send(rawRequest(gateway.sign(`${upstream.origin}/`)));
      await client.receive(/data: one/);
      (await upstream.next()).send('c\r\ndata: {"half\r\n');
      await client.receive(/half/);
      await gateway.stop({ drain: 0 });
      expect(await client.finished()).toEndWith('data: {"half\r\n');
    });

    test('answers a request that is still waiting for its upstream with nothing false', async () => {
      await using upstream = await startUpstream();
      await using gateway = startGateway({ front });
      using client = new RawClient(gateway);
      client.send(rawRequest(gateway.sign(`${upstream.origin}/`)));
      const connection = await upstream.next();
      expect(await gateway.stop({ drain: 0 })).toEqual({ brokenOff: 1 });
      expect(await client.finished()).not.toStartWith('HTTP/1.1 2');
      await connection.gone;
    });
  });
});
