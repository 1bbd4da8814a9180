import { describe, expect, test } from 'bun:test';
import { startGateway, WIRE_FRONTS } from './testing/gateway.ts';
import { RawClient, rawRequest } from './testing/rawClient.ts';
import { startUpstream } from './testing/scriptedUpstream.ts';

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n';

describe.each(WIRE_FRONTS)('by the front %s:', (front) => {
  test('a client that leaves before the head ends the request to the upstream', async () => {
    await using upstream = await startUpstream();
    await using gateway = startGateway({ front });
    const record = gateway.nextRecord();
    const client = new RawClient(gateway).send(rawRequest(gateway.sign(`${upstream.origin}/`)));
    const connection = await upstream.next();
    client.leave();
    await connection.gone;
    expect(await record).toMatchObject({ ending: 'client_gone', status: 499, bytesOut: 0 });
  });

  test('a client that ends its side after its request ends the request to the upstream', async () => {
    await using upstream = await startUpstream();
    await using gateway = startGateway({ front });
    const record = gateway.nextRecord();
    const client = new RawClient(gateway).send(rawRequest(gateway.sign(`${upstream.origin}/`)));
    const connection = await upstream.next();
    client.end();
    await connection.gone;
    expect(await record).toMatchObject({ ending: 'client_gone', status: 499 });
  });

  test('a client that leaves in the middle of the answer ends the request to the upstream', async () => {
    await using upstream = await startUpstream(({ send }) =>
      send(`${HEAD}a\r\ndata: one\n\n\r\n`.replace('a\r', 'b\r')),
    );
    await using gateway = startGateway({ front });
    const record = gateway.nextRecord();
    const client = new RawClient(gateway).send(rawRequest(gateway.sign(`${upstream.origin}/`)));
    const connection = await upstream.next();
    await client.receive(/data: one/);
    client.leave();
    await connection.gone;
    expect(await record).toMatchObject({ ending: 'client_gone', status: 200, bytesOut: 11 });
  });

  test('a client that takes nothing of its answer, and leaves in order, ends the request to the upstream', async () => {
    let written = 0;
    const block = Buffer.alloc(65_536, 'x');
    await using upstream = await startUpstream(({ socket, send }) => {
      send(`HTTP/1.1 200 OK\r\nContent-Length: ${400 * 1024 * 1024}\r\n\r\n`);
      const fill = () => {
        do written++;
        while (socket.writable && socket.write(block));
      };
      socket.on('drain', fill);
      fill();
    });
    await using gateway = startGateway({ front });
    const record = gateway.nextRecord();
    const client = new RawClient(gateway);
    client.pause();
    client.send(rawRequest(gateway.sign(`${upstream.origin}/`)));
    const connection = await upstream.next();
    // Nothing moves any more.
    for (let before = -1, rounds = 0; rounds < 100; rounds++) {
      await gateway.ask(new URL('/healthz', gateway.url));
      if (written !== before) rounds = 0;
      before = written;
    }
    client.end();
    await connection.gone;
    expect(await record).toMatchObject({ ending: 'client_gone', status: 200 });
  }, 30_000);

  test('a client that leaves a silent stream ends the request to the upstream', async () => {
    await using upstream = await startUpstream(({ send }) => send(HEAD));
    await using gateway = startGateway({ front });
    const record = gateway.nextRecord();
    const client = new RawClient(gateway).send(
      rawRequest(gateway.sign(`${upstream.origin}/`), { headers: { Accept: 'text/event-stream' } }),
    );
    const connection = await upstream.next();
    await client.receive(front !== 'http1' ? /:\n\n/ : /\r\n\r\n/);
    client.leave();
    await connection.gone;
    expect(await record).toMatchObject({ ending: 'client_gone', status: 200 });
  });

  test('a client that leaves in the middle of its upload ends the request to the upstream', async () => {
    await using upstream = await startUpstream();
    await using gateway = startGateway({ front });
    const record = gateway.nextRecord();
    const url = gateway.sign(`${upstream.origin}/`, { method: 'POST' });
    const client = new RawClient(gateway).send(
      rawRequest(url, { method: 'POST', headers: { 'Content-Length': '100' }, body: 'half' }),
    );
    const connection = await upstream.next();
    await connection.receive(/half/);
    client.leave();
    await connection.gone;
    expect(await record).toMatchObject({ ending: 'client_gone', status: 499 });
  });

  test('a client that leaves in the middle of a signed body never reaches the upstream', async () => {
    await using upstream = await startUpstream();
    await using gateway = startGateway({ front });
    const record = gateway.nextRecord();
    const url = gateway.sign(`${upstream.origin}/`, { method: 'POST', body: 'x'.repeat(100) });
    const client = new RawClient(gateway).send(
      rawRequest(url, { method: 'POST', headers: { 'Content-Length': '100' }, body: 'half' }),
    );
    while (gateway.gauges.requests === 0) await Bun.sleep(5);
    client.leave();
    expect(await record).toMatchObject({ ending: 'client_gone', status: 499 });
    expect(upstream.accepted).toBe(0);
  });

  test('a client that reads slowly holds the upstream back, so that memory stays bounded', async () => {
    let written = 0;
    const block = Buffer.alloc(65_536, 'x');
    await using upstream = await startUpstream(({ socket, send }) => {
      send(`HTTP/1.1 200 OK\r\nContent-Length: ${400 * 1024 * 1024}\r\n\r\n`);
      const fill = () => {
        while (socket.writable && written < 400 * 1024 * 1024) {
          written += block.length;
          if (!socket.write(block)) return;
        }
      };
      socket.on('drain', fill);
      fill();
    });
    await using gateway = startGateway({ front });
    using client = new RawClient(gateway);
    client.send(rawRequest(gateway.sign(`${upstream.origin}/`)));
    await client.receive(/\r\n\r\n/);
    client.pause();
    let before = -1;
    while (before !== written) {
      before = written;
      await Bun.sleep(200);
    }
    // What the kernel's buffers of two connections hold, and no more.
    expect(written).toBeLessThan(64 * 1024 * 1024);
  });
});
