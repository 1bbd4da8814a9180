import { expect, test } from 'bun:test';
import { startGateway } from './testing/gateway.ts';
import { RawClient, rawRequest } from './testing/rawClient.ts';
import { startUpstream } from './testing/scriptedUpstream.ts';

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n';
const STREAMS = 2000;

test(
  'holds 2,000 event streams open at once, and lets all of them go',
  async () => {
    await using upstream = await startUpstream(({ send }) => send(`${HEAD}b\r\ndata: one\n\n\r\n`));
    await using gateway = startGateway();
    const url = gateway.sign(`${upstream.origin}/`);
    const clients: RawClient[] = [];
    while (clients.length < STREAMS) {
      // In small groups, so that no listen queue overflows.
      const group = Array.from({ length: 50 }, () => new RawClient(gateway).send(rawRequest(url)));
      await Promise.all(group.map((client) => client.receive(/data: one/)));
      clients.push(...group);
    }
    expect(upstream.open).toBe(STREAMS);
    const connections = await Promise.all(clients.map(() => upstream.next()));
    for (const client of clients) client.leave();
    await Promise.all(connections.map((connection) => connection.gone));
    expect(upstream.open).toBe(0);
    expect(gateway.records.length).toBe(STREAMS);
  },
  { timeout: 60_000 },
);
