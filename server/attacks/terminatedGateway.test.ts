import { expect, test } from 'bun:test';
import { startServe } from '../../cli/testing/startServe.ts';
import { signUrl } from '../../signing/signUrl.ts';
import { RawClient, rawRequest } from '../testing/rawClient.ts';
import { startUpstream, type UpstreamConnection } from '../testing/scriptedUpstream.ts';

const SECRET = 'a secret of the test that is long enough';
const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n';
const STREAMS = 1000;

test('a gateway that is told to stop loses none of 1,000 open streams', async () => {
  await using upstream = await startUpstream(({ send }) => send(`${HEAD}b\r\ndata: one\n\n\r\n`));
  await using gateway = await startServe(
    ['serve', 'my-id', '--allow-network', '127.0.0.0/8', '--drain', '50s'],
    {
      env: { SW_SECRET: SECRET },
    },
  );
  const url = signUrl({
    id: 'my-id',
    secret: SECRET,
    host: gateway.url,
    proxyUrl: `${upstream.origin}/`,
    expiry: 60,
    method: 'GET',
  });
  const clients: RawClient[] = [];
  const connections: UpstreamConnection[] = [];
  while (clients.length < STREAMS) {
    // In small groups, so that no listen queue overflows.
    const group = Array.from({ length: 50 }, () =>
      new RawClient(Number(new URL(gateway.url).port)).send(rawRequest(url)),
    );
    await Promise.all(group.map((client) => client.receive(/data: one/)));
    for (const _ of group) connections.push(await upstream.next());
    clients.push(...group);
  }
  gateway.kill('SIGTERM');
  await gateway.stderr(/SIGTERM/);
  for (const connection of connections) connection.send('b\r\ndata: two\n\n\r\n0\r\n\r\n');
  let lost = 0;
  for (const client of clients) {
    const received = await client.receive(/\r\n0\r\n\r\n$/);
    if (!received.endsWith('data: one\n\n\r\nb\r\ndata: two\n\n\r\n0\r\n\r\n')) lost++;
  }
  expect(lost).toBe(0);
  expect(await gateway.exited).toBe(0);
}, 90_000);
