import { expect, test } from 'bun:test';
import { startServe } from '../../cli/testing/startServe.ts';
import { signUrl } from '../../signing/signUrl.ts';
import { RawClient, rawRequest } from '../testing/rawClient.ts';
import { startUpstream } from '../testing/scriptedUpstream.ts';

const SECRET = 'a secret of the test that is long enough';

const FRAMINGS = {
  chunks: 'Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n',
  'a length': 'Content-Length: 100\r\n\r\nhello',
};

test.each(Object.keys(FRAMINGS) as (keyof typeof FRAMINGS)[])(
  'a gateway that is killed in the middle of %s never looks as if it had ended',
  async (framing) => {
    await using upstream = await startUpstream(({ send }) => send(`HTTP/1.1 200 OK\r\n${FRAMINGS[framing]}`));
    await using gateway = await startServe(['serve', 'my-id', '--allow-network', '127.0.0.0/8'], {
      env: { SW_SECRET: SECRET },
    });
    const url = signUrl({
      id: 'my-id',
      secret: SECRET,
      host: gateway.url,
      proxyUrl: `${upstream.origin}/`,
      expiry: 60,
      method: 'GET',
    });
    using client = new RawClient(Number(new URL(gateway.url).port)).send(rawRequest(url));
    const answer = await fetch(url);
    await client.receive(/hello/);
    gateway.kill('SIGKILL');
    const received = await client.finished();
    expect(received).not.toEndWith('0\r\n\r\n');
    expect(answer.status).toBe(200);
    await expect(answer.text()).rejects.toThrow();
    // Nor does the upstream go on for nobody.
    for (const connection of [await upstream.next(), await upstream.next()]) await connection.gone;
  },
  30_000,
);
