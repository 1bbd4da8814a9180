import { expect, test } from 'bun:test';
import { writeFileSync } from 'node:fs';
import { RawClient, rawRequest } from '../server/testing/rawClient.ts';
import { startUpstream } from '../server/testing/scriptedUpstream.ts';
import { signUrl } from '../signing/index.ts';
import { startServe } from './testing/startServe.ts';
import { temporaryFolder } from './testing/temporaryFolder.ts';

const STREAMS = Number(process.env.SIGNWAY_STREAMS ?? 200);
const RELOADS = Number(process.env.SIGNWAY_RELOADS ?? 100);
const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n';
const EVENT = 'b\r\ndata: one\n\n\r\n';
const END = '0\r\n\r\n';

test(`${RELOADS} reloads, good and bad, under ${STREAMS} streams lose none`, async () => {
  using folder = temporaryFolder();
  await using upstream = await startUpstream((connection) => connection.send(HEAD + EVENT));
  const secrets = Array.from({ length: RELOADS + 1 }, (_, i) => `secret-number-${i}`.repeat(3));
  const configOf = (secret: string) =>
    JSON.stringify({
      allowNetworks: ['127.0.0.0/8'],
      apps: [
        {
          id: 'app',
          secrets: [secret],
          upstreams: [{ origin: upstream.origin }],
          limits: { streams: STREAMS },
        },
      ],
    });
  const path = folder.write('signway.config.json', configOf(secrets[0]!));
  await using serve = await startServe(['serve', '--config', path, '--no-bytes-monitor']);
  const sign = (secret: string) =>
    signUrl({
      id: 'app',
      secret,
      host: serve.url,
      proxyUrl: `${upstream.origin}/`,
      expiry: 600,
      method: 'GET',
    });

  const clients = await Promise.all(
    Array.from({ length: STREAMS }, async () => {
      const client = new RawClient(Number(new URL(serve.url).port));
      client.send(rawRequest(sign(secrets[0]!)));
      await client.receive(/data: one/);
      return client;
    }),
  );
  const connections = await Promise.all(clients.map(() => upstream.next()));

  let good = 0;
  let bad = 0;
  for (let reload = 1; reload <= RELOADS; reload++) {
    const isGood = reload % 3 !== 0;
    writeFileSync(path, isGood ? configOf(secrets[reload]!) : '{ "apps": [{}] }');
    const times = isGood ? ++good : ++bad;
    process.kill(serve.pid, 'SIGHUP');
    await serve.stderr(occurring(isGood ? 'Reloaded ' : 'is not used', times));
  }

  // Every stream is still there, under the rules it began with: each may go on, and none more may begin.
  for (const connection of connections) connection.send(EVENT);
  await Promise.all(clients.map((client) => client.receive(/data: one[\s\S]*data: one/)));
  const last = secrets.findLast((_, reload) => reload <= RELOADS && (reload === 0 || reload % 3 !== 0))!;
  expect((await fetch(sign(last))).headers.get('x-sw-error')).toBe('too_many_streams');
  for (const secret of secrets.filter((each) => each !== last).slice(-3)) {
    expect((await fetch(sign(secret))).headers.get('x-sw-error')).toBe('signature_mismatch');
  }
  for (const connection of connections) connection.send(END);
  const answers = await Promise.all(clients.map((client) => client.receive(/0\r\n\r\n$/)));
  expect(answers.filter((answer) => answer.endsWith(`${EVENT}${EVENT}${END}`))).toHaveLength(STREAMS);
  for (const client of clients) client[Symbol.dispose]();
}, 120_000);

/** Matches a text that holds another so often. */
function occurring(text: string, times: number): RegExp {
  return new RegExp(`(?:${text}(?:(?!${text})[\\s\\S])*){${times}}`);
}
