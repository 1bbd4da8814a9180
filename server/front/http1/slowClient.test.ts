import { expect, test } from 'bun:test';
import { once } from 'node:events';
import { connect } from 'node:net';
import { startGateway, type TestGateway } from '../../testing/gateway.ts';
import { RawClient, rawRequest } from '../../testing/rawClient.ts';
import { startUpstream } from '../../testing/scriptedUpstream.ts';

/** More than the sockets between two ends hold. */
const LARGE = 12_000_000;
/** Less than that. */
const MEDIUM = 1_000_000;

const answersMedium = () =>
  startUpstream(({ send }) =>
    send(`HTTP/1.1 200 OK\r\nContent-Length: ${MEDIUM}\r\n\r\n${'x'.repeat(MEDIUM)}`),
  );

test('the last answer of a connection reaches a client that reads it late', async () => {
  await using upstream = await answersMedium();
  await using gateway = startGateway();
  const record = gateway.nextRecord();
  using client = new RawClient(gateway);
  client.pause();
  client.send(rawRequest(gateway.sign(`${upstream.origin}/`), { headers: { Connection: 'close' } }));
  expect(await record).toMatchObject({ ending: 'complete' });
  // Resolves when the gateway has waited long enough for the client to close.
  await gateway.stop({ drain: 60_000 });
  client.resume();
  expect((await client.finished()).split('\r\n\r\n')[1]).toHaveLength(MEDIUM);
  expect(client.ended).toBe('closed');
}, 60_000);

test('an answer reaches a client that reads it when its connection has been idle for too long', async () => {
  await using upstream = await answersMedium();
  await using gateway = startGateway({ limits: { keepAliveTimeout: 60 } });
  const record = gateway.nextRecord();
  using client = new RawClient(gateway);
  client.pause();
  client.send(rawRequest(gateway.sign(`${upstream.origin}/`)));
  expect(await record).toMatchObject({ ending: 'complete' });
  // One that is idle since later has been closed: the first has as well.
  using later = new RawClient(gateway).send('GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n');
  await later.finished();
  client.resume();
  expect((await client.finished()).split('\r\n\r\n')[1]).toHaveLength(MEDIUM);
}, 60_000);

test('a client that sends requests and takes no answer is answered no further', async () => {
  await using gateway = startGateway();
  const signed = new URL(gateway.sign(`http://127.0.0.1:9/${'x'.repeat(4_000)}`));
  const forged = `${signed.pathname}${signed.search.replace(/.$/, (last) => (last === '0' ? '1' : '0'))}`;
  const requests = 4_000;
  using client = new RawClient(gateway);
  client.pause();
  client.send(`GET ${forged} HTTP/1.1\r\nHost: a\r\n\r\n`.repeat(requests));
  for (let before = -1, rounds = 0; rounds < 50; rounds++) {
    await fetch(new URL('/healthz', gateway.url));
    if (gateway.records.length !== before) rounds = 0;
    before = gateway.records.length;
  }
  expect(gateway.records.length).toBeLessThan(requests);
  client.resume();
  await client.receive(() => gateway.records.length === requests);
}, 60_000);

test('a client that sends its whole body first gets a large answer that came before all was sent', async () => {
  await using upstream = await startUpstream(({ socket }) => void socket.pause());
  await using gateway = startGateway();
  const url = gateway.sign(`${upstream.origin}/`, { method: 'POST' });
  const socket = connect(gateway.port, '127.0.0.1').pause();
  const body = Buffer.alloc(4 * LARGE, 'y');
  socket.write(rawRequest(url, { method: 'POST', headers: { 'Content-Length': String(body.length) } }));
  const sent = new Promise((resolve) => socket.write(body, resolve));
  const { send } = await upstream.next();
  // By then nobody takes anything of the body any more.
  for (let rounds = 0; rounds < 200; rounds++) await fetch(new URL('/healthz', gateway.url));
  send(`HTTP/1.1 413 Too Large\r\nContent-Length: ${LARGE}\r\n\r\n`);
  send(Buffer.alloc(LARGE, 'x'));
  await sent;
  let received = 0;
  socket.on('data', (bytes) => {
    received += bytes.length;
  });
  socket.resume();
  await once(socket, 'end');
  expect(received).toBeGreaterThan(LARGE);
  socket.destroy();
}, 60_000);

test('a body that has come is waited for no longer, however slow whoever takes it', async () => {
  await using upstream = await startUpstream(({ send }, head) => {
    if (head.includes('/taken')) send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi');
  });
  const [held, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  await using gateway = startGateway({
    limits: { bodySilenceTimeout: 100 },
    async beforeUpstream({ upstream: url }) {
      if (!url.endsWith('/taken')) return;
      held.resolve();
      await released.promise;
    },
  });
  const post = (path: string, body: string) => {
    const url = gateway.sign(`${upstream.origin}${path}`, { method: 'POST' });
    return new RawClient(gateway).send(
      rawRequest(url, { method: 'POST', headers: { 'Content-Length': '6' }, body }),
    );
  };
  using client = post('/taken', 'abc');
  await held.promise;
  client.send('d');
  await fetch(new URL('/healthz', gateway.url));
  client.send('ef');
  // One that is silent since later has been refused.
  using silent = post('/silent', 'abc');
  expect(await silent.finished()).toContain('\r\nX-Sw-Error: request_timeout\r\n');
  released.resolve();
  expect(await client.receive(/hi$/)).toStartWith('HTTP/1.1 200 ');
}, 60_000);

test('what a client sends behind a request that is still answered is read no further than a little', async () => {
  await using upstream = await startUpstream(({ send }) =>
    send('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n'),
  );
  await using gateway = startGateway();
  using client = floodOf(gateway.port, rawRequest(gateway.sign(`${upstream.origin}/`)));
  await standsStill(gateway, () => client.sent);
  expect(client.sent).toBeLessThan(FLOOD);
}, 60_000);

test('what a client sends after its connection has been ended is passed over no further than a little', async () => {
  await using gateway = startGateway({ limits: { maxBody: 1 } });
  using client = floodOf(
    gateway.port,
    rawRequest(gateway.sign('http://127.0.0.1:9/', { method: 'POST' }), {
      method: 'POST',
      headers: { 'Content-Length': '1000000000' },
    }),
  );
  await client.gone;
  expect(client.sent).toBeLessThan(FLOOD);
}, 60_000);

test('an upload is not called silent while it is the upstream that takes none of it', async () => {
  await using upstream = await startUpstream(({ socket }, head) => {
    if (head.includes('/slow')) socket.pause();
  });
  await using gateway = startGateway({ limits: { bodySilenceTimeout: 100 } });
  const post = (path: string, body: string, length = body.length) => {
    const url = gateway.sign(`${upstream.origin}${path}`, { method: 'POST' });
    const head = rawRequest(url, { method: 'POST', headers: { 'Content-Length': String(length) } });
    return new RawClient(gateway.port).send(head).send(body);
  };
  using client = post('/slow', 'x'.repeat(LARGE));
  const slow = await upstream.next();
  for (let count = 0; count < 3; count++) {
    // One that is silent since later has been refused.
    using silent = post('/silent', 'abc', 6);
    expect(await silent.finished()).toContain('\r\nX-Sw-Error: request_timeout\r\n');
  }
  slow.socket.resume();
  await slow.receive(/x$/);
  while (slow.received.length < LARGE) await fetch(new URL('/healthz', gateway.url));
  slow.send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi');
  expect(await client.receive(/hi$/)).toStartWith('HTTP/1.1 200 ');
}, 60_000);

/** Far more than a gateway and the sockets between two ends may hold. */
const FLOOD = 256 * 1024 * 1024;

/** A client that sends `head` and then as much as is taken of it, up to {@link FLOOD}. */
function floodOf(port: number, head: string): Disposable & { readonly sent: number; gone: Promise<unknown> } {
  const socket = connect(port, '127.0.0.1');
  const block = Buffer.alloc(256 * 1024, 'GET / HTTP/1.1\r\n');
  let sent = 0;
  const fill = () => {
    while (sent < FLOOD) {
      sent += block.length;
      if (!socket.write(block)) return;
    }
  };
  socket.on('error', () => {});
  socket.on('drain', fill);
  socket.write(head);
  fill();
  return {
    get sent() {
      return sent;
    },
    gone: new Promise((resolve) => socket.once('close', resolve)),
    [Symbol.dispose]: () => void socket.destroy(),
  };
}

/** Resolves when a figure has not changed for so long that it will not. */
async function standsStill(gateway: TestGateway, figure: () => number): Promise<void> {
  for (let before = -1, rounds = 0; rounds < 200; rounds++) {
    await fetch(new URL('/healthz', gateway.url));
    if (figure() !== before) rounds = 0;
    before = figure();
  }
}
