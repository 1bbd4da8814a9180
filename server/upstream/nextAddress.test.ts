import { expect, test } from 'bun:test';
import { startGateway } from '../testing/gateway.ts';
import { startUpstream } from '../testing/scriptedUpstream.ts';
import { type Transport, TransportError } from '../transport/transport.ts';

const OK = 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi';

/** A name of many addresses, all of them loopback, of which one has a server. */
const gatewayFor = (addresses: readonly string[]) =>
  startGateway({ network: { allowNetworks: ['127.0.0.0/8'], resolver: async () => addresses } });

test('an address that cannot be connected to gives way to the next, for those who ask next too', async () => {
  await using upstream = await startUpstream(({ send }) => send(OK), { hostname: '127.0.0.3' });
  await using gateway = gatewayFor(['127.0.0.1', '127.0.0.2', '127.0.0.3']);
  const url = gateway.sign(`http://many.test:${upstream.port}/`, { method: 'POST' });
  for (let time = 0; time < 3; time++) {
    const answer = await fetch(url, { method: 'POST', body: 'hello' });
    expect([answer.status, await answer.text()]).toEqual([200, 'hi']);
  }
  expect(upstream.accepted).toBe(3);
  expect((await upstream.next()).received).toEndWith('hello');
});

test('none is tried twice', async () => {
  await using upstream = await startUpstream();
  const { port } = upstream;
  await upstream[Symbol.asyncDispose]();
  await using gateway = gatewayFor(['127.0.0.1', '127.0.0.2']);
  const answer = await fetch(gateway.sign(`http://many.test:${port}/`));
  expect(answer.headers.get('x-sw-error')).toBe('upstream_unreachable');
});

test('a request that was sent is not sent to another address', async () => {
  await using first = await startUpstream(({ socket }) => socket.resetAndDestroy(), {
    hostname: '127.0.0.2',
  });
  await using second = await startUpstream(({ send }) => send(OK), {
    hostname: '127.0.0.3',
    port: first.port,
  });
  await using gateway = gatewayFor(['127.0.0.2', '127.0.0.3']);
  const answer = await fetch(gateway.sign(`http://many.test:${first.port}/`, { method: 'POST' }), {
    method: 'POST',
    body: 'hello',
  });
  expect(answer.headers.get('x-sw-error')).toBe('upstream_unreachable');
  expect([first.accepted, second.accepted]).toEqual([1, 0]);
});

test('of many addresses a request tries four, and the next request goes on behind them', async () => {
  await using upstream = await startUpstream(({ send }) => send(OK), { hostname: '127.0.0.11' });
  await using gateway = gatewayFor(Array.from({ length: 11 }, (_, index) => `127.0.0.${index + 1}`));
  const url = gateway.sign(`http://many.test:${upstream.port}/`);
  const codes = [];
  for (let time = 0; time < 4; time++) codes.push((await fetch(url)).headers.get('x-sw-error'));
  expect(codes).toEqual(['upstream_unreachable', 'upstream_unreachable', null, null]);
});

test.each([
  [10_000, 3],
  [20, 1],
])('all of them together have the %d ms of one exchange', async (totalTimeout, tries) => {
  const asked: number[] = [];
  const transport: Transport = {
    name: 'none',
    connections: { active: 0, idle: 0 },
    close() {},
    async send({ deadlines }) {
      asked.push(deadlines.total);
      await Bun.sleep(40);
      throw new TransportError('upstream_unreachable', 'connect: refused', { sent: false });
    },
  };
  await using gateway = startGateway({
    network: {
      allowNetworks: ['127.0.0.0/8'],
      resolver: async () => ['127.0.0.1', '127.0.0.2', '127.0.0.3'],
    },
    limits: { totalTimeout },
    transport,
  });
  await fetch(gateway.sign('http://many.test/'));
  expect(asked).toHaveLength(tries);
  expect(asked[0]).toBe(totalTimeout);
  for (let at = 1; at < tries; at++) expect(asked[at]).toBeLessThan(asked[at - 1]! - 30);
});
