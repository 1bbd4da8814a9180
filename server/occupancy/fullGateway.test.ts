import { describe, expect, test } from 'bun:test';
import { startGateway, type TestGateway, WIRE_FRONTS } from '../testing/gateway.ts';
import { askRaw } from '../testing/rawAnswer.ts';
import { RawClient, rawRequest } from '../testing/rawClient.ts';
import { type ScriptedUpstream, startUpstream } from '../testing/scriptedUpstream.ts';

const SILENT =
  'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n:\n\n\r\n';

/** A stream that stays open, with its first comment line received. */
async function openStream(
  gateway: TestGateway,
  upstream: ScriptedUpstream,
  headers = {},
): Promise<RawClient> {
  const client = new RawClient(gateway).send(rawRequest(gateway.sign(`${upstream.origin}/`), { headers }));
  await client.receive(/:\n\n/);
  return client;
}

async function codeFor(
  gateway: TestGateway,
  upstream: ScriptedUpstream,
  headers = {},
): Promise<string | null> {
  const url = gateway.sign(`${upstream.origin}/`);
  return (await askRaw(gateway, rawRequest(url, { headers: { Connection: 'close', ...headers } }))).code;
}

describe.each(WIRE_FRONTS)('front %s: a gateway with all its places taken', (front) => {
  test('refuses one more at once, stays alive, and serves again when one is free', async () => {
    await using upstream = await startUpstream(({ send }) => send(SILENT));
    await using gateway = startGateway({ front, limits: { maxRequests: 2 } });
    using first = await openStream(gateway, upstream);
    using _second = await openStream(gateway, upstream);
    expect(gateway.gauges.requests).toBe(2);
    expect(await codeFor(gateway, upstream)).toBe('overloaded');
    expect(upstream.accepted).toBe(2);
    expect((await gateway.ask(new URL('/readyz', gateway.url))).status).toBe(200);
    const preflight = { Origin: 'https://a.test', 'Access-Control-Request-Method': 'POST' };
    expect((await gateway.ask(gateway.url, { method: 'OPTIONS', headers: preflight })).status).toBe(204);
    const left = gateway.nextRecord();
    first.leave();
    await left;
    using third = await openStream(gateway, upstream);
    expect(third.received).toStartWith('HTTP/1.1 200 ');
  });

  test('refuses one more of the same client, whatever that says of itself', async () => {
    await using upstream = await startUpstream(({ send }) => send(SILENT));
    await using gateway = startGateway({ front, limits: { maxRequestsPerClient: 1 } });
    using _first = await openStream(gateway, upstream);
    expect(await codeFor(gateway, upstream, { 'X-Forwarded-For': '192.0.2.1' })).toBe('too_many_streams');
    expect(upstream.accepted).toBe(1);
  });

  test('counts clients that were gone before their requests were read', async () => {
    await using gateway = startGateway({ front, limits: { maxRequestsPerClient: 1 } });
    for (let asked = 0; asked < 100; asked++) {
      const client = new RawClient(gateway).send('GET /?x HTTP/1.1\r\nHost: a\r\n\r\n');
      await (asked % 2 === 0 ? new Promise((resolve) => setImmediate(resolve)) : Bun.sleep(0));
      client.leave();
      await client.finished();
    }
    expect((await gateway.ask(new URL('/readyz', gateway.url))).status).toBe(200);
    expect(gateway.gauges).toMatchObject({ requests: 0, clients: 0 });
  });

  test('tells clients apart by what a trusted proxy says', async () => {
    await using upstream = await startUpstream(({ send }) => send(SILENT));
    await using gateway = startGateway({
      front,
      limits: { maxRequestsPerClient: 1 },
      trustProxies: ['127.0.0.0/8'],
    });
    using _first = await openStream(gateway, upstream, { 'X-Forwarded-For': '192.0.2.1' });
    using _second = await openStream(gateway, upstream, { 'X-Forwarded-For': '192.0.2.2' });
    const spoofed = { 'X-Forwarded-For': '192.0.2.3, 192.0.2.1' };
    expect(await codeFor(gateway, upstream, spoofed)).toBe('too_many_streams');
    expect(gateway.gauges.clients).toBe(2);
    expect(upstream.accepted).toBe(2);
  });

  test('refuses a signed body that does not fit beside those it holds, before it is read', async () => {
    await using upstream = await startUpstream();
    await using gateway = startGateway({ front, limits: { maxHeldBytes: 15 } });
    const post = (body: string) => {
      const url = gateway.sign(`${upstream.origin}/`, { method: 'POST', body });
      const headers = { 'Content-Length': String(body.length), Connection: 'close' };
      return rawRequest(url, { method: 'POST', headers, body });
    };
    using first = new RawClient(gateway).send(post('ten bytes.'));
    const connection = await upstream.next();
    expect(gateway.gauges.heldBytes).toBe(10);
    const [head] = post('six b.').split('\r\n\r\n');
    using second = new RawClient(gateway).send(`${head}\r\n\r\n`);
    expect(await second.receive(/\r\n\r\n./s)).toContain('\r\nX-Sw-Error: overloaded\r\n');
    expect(upstream.accepted).toBe(1);
    connection.send(SILENT);
    await first.receive(/:\n\n/);
    // The upstream's head has come: what was held for it is not needed any more, though the stream goes on.
    expect(gateway.gauges).toMatchObject({ requests: 1, heldBytes: 0 });
  });

  test('has room for a signed body however many others are announced and do not come', async () => {
    await using upstream = await startUpstream(({ send }) => send(SILENT));
    await using gateway = startGateway({ front, limits: { maxHeldBytes: 15 } });
    const url = gateway.sign(`${upstream.origin}/`, { method: 'POST', body: 'ten bytes.' });
    const request = rawRequest(url, { method: 'POST', headers: { 'Content-Length': '10' } });
    const announced = Array.from({ length: 5 }, () => new RawClient(gateway).send(request));
    while (gateway.gauges.requests < announced.length) await Bun.sleep(5);
    using client = new RawClient(gateway).send(`${request}ten bytes.`);
    expect(await client.receive(/:\n\n/)).toStartWith('HTTP/1.1 200 ');
    for (const each of announced) each.leave();
  });

  test('refuses the signed body that comes to be too much beside others', async () => {
    await using upstream = await startUpstream();
    await using gateway = startGateway({ front, limits: { maxHeldBytes: 15 } });
    const url = gateway.sign(`${upstream.origin}/`, { method: 'POST', body: 'ten bytes.' });
    const request = rawRequest(url, { method: 'POST', headers: { 'Content-Length': '10' } });
    using first = new RawClient(gateway).send(request);
    using second = new RawClient(gateway).send(request);
    while (gateway.gauges.requests < 2) await Bun.sleep(5);
    first.send('ten bytes.');
    await upstream.next();
    second.send('six b.');
    expect(await second.receive(/\r\n\r\n/)).toMatch(/\r\nX-Sw-Error: overloaded\r\n/i);
    expect(gateway.gauges.heldBytes).toBe(10);
  });
});
