import { describe, expect, test } from 'bun:test';
import { startServe } from '../../cli/testing/startServe.ts';
import { signUrl } from '../../signing/signUrl.ts';
import { connectionLimit } from '../front/http1/connectionLimit.ts';
import { RawClient, rawRequest } from '../testing/rawClient.ts';
import { type ScriptedUpstream, startUpstream } from '../testing/scriptedUpstream.ts';

const SECRET = 'a secret of the test that is long enough';
const OPEN_FILES = 200;
const MOST = connectionLimit(`Max open files            ${OPEN_FILES}      ${OPEN_FILES}      files`);
const EVENTS = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n';

/** A gateway that may open few files, and what asks it. */
async function startSmallGateway(upstream: ScriptedUpstream) {
  // Nobody idle leaves by itself while the test runs.
  const patient = ['--header-timeout', '10m'];
  const gateway = await startServe(['serve', 'my-id', '--allow-network', '127.0.0.0/8', ...patient], {
    env: { SW_SECRET: SECRET },
    openFiles: OPEN_FILES,
  });
  const port = Number(new URL(gateway.url).port);
  const signing = { id: 'my-id', secret: SECRET, host: gateway.url, expiry: 600, method: 'GET' } as const;
  const request = rawRequest(signUrl({ ...signing, proxyUrl: `${upstream.origin}/` }));
  return {
    connect: () => new RawClient(port),
    ask: () => new RawClient(port).send(request),
    [Symbol.asyncDispose]: () => gateway[Symbol.asyncDispose](),
  };
}

describe('a gateway with as many connections as its files allow', () => {
  test.each([
    ['say nothing', ''],
    ['have begun to ask', 'GET / HTTP/1.1\r\nHost: a\r\nX-'],
    ['have asked', 'GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n'],
  ])(
    'closes those that %s for those who ask, and no stream',
    async (_, said) => {
      await using upstream = await startUpstream(({ send }) => send(`${EVENTS}3\r\n:\n\n\r\n`));
      await using gateway = await startSmallGateway(upstream);
      using stream = gateway.ask();
      await stream.receive(/:\n\n/);
      const connection = await upstream.next();
      const crowd = Array.from({ length: 3 * MOST }, () => gateway.connect().send(said));
      // By then it has read what they said.
      for (let round = 1; round <= 5; round++) {
        connection.send('b\r\ndata: two\n\n\r\n');
        await stream.receive(new RegExp(`(?:data: two[^]*){${round}}`));
      }
      const asked = Array.from({ length: 10 }, () => gateway.ask());
      for (const client of asked) expect(await client.receive(/:\n\n/)).toStartWith('HTTP/1.1 200 ');
      connection.send('b\r\ndata: two\n\n\r\n');
      await stream.receive(/data: two/);
      expect(stream.ended).toBe('open');
      for (const client of [...crowd, ...asked]) client.leave();
    },
    60_000,
  );

  test('tells one more that there is no room where all of them are at work', async () => {
    await using upstream = await startUpstream(({ send }) => send(`${EVENTS}3\r\n:\n\n\r\n`));
    await using gateway = await startSmallGateway(upstream);
    const streams = Array.from({ length: MOST }, () => gateway.ask());
    for (const stream of streams) await stream.receive(/:\n\n/);
    using refused = gateway.ask();
    expect(await refused.finished()).toContain('\r\nX-Sw-Error: overloaded\r\n');
    expect(upstream.accepted).toBe(MOST);
    for (const stream of streams) {
      expect(stream.ended).toBe('open');
      stream.leave();
    }
    // Until it has seen that they have left.
    let answer = '';
    while (!answer.startsWith('HTTP/1.1 200 ')) {
      using later = gateway.ask();
      answer = await later.receive(/\r\n\r\n/);
    }
  }, 60_000);
});

test.each([
  ['Max open files            1024      524288      files', 480],
  ['Max open files            20000      20000      files', 9968],
  ['Max open files            70      70      files', 3],
  ['Max open files            32      32      files', 1],
  ['Max open files            unlimited      unlimited      files', Number.POSITIVE_INFINITY],
  ['', Number.POSITIVE_INFINITY],
])('%j is room for %d connections', (limits, most) => {
  expect(connectionLimit(limits)).toBe(most);
});
