import { describe, expect, test } from 'bun:test';
import type { SignwayOptions } from '../createSignway.ts';
import { APP, startGateway } from '../testing/gateway.ts';
import { RawClient, rawRequest } from '../testing/rawClient.ts';
import { type ScriptedUpstream, startUpstream } from '../testing/scriptedUpstream.ts';

const ok = ({ send }: { send: (text: string) => void }) =>
  send('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');

const appFor = (upstreams: { origin: string; headers?: [string, string][] }[]): SignwayOptions['apps'] => [
  { id: APP.id, secrets: [APP.secret], upstreams: upstreams.map((each) => ({ headers: [], ...each })) },
];

async function ask(
  upstream: ScriptedUpstream,
  url: string,
  options: Partial<SignwayOptions> = {},
): Promise<Response> {
  await using gateway = startGateway(options);
  const answer = await fetch(gateway.sign(url));
  expect(answer.headers.get('x-sw-error') === 'upstream_not_allowed').toBe(upstream.accepted === 0);
  return answer;
}

describe('a request', () => {
  test('goes to an origin on the list', async () => {
    await using upstream = await startUpstream(ok);
    const apps = appFor([{ origin: 'https://api.openai.com' }, { origin: upstream.origin }]);
    expect((await ask(upstream, `${upstream.origin}/any`, { apps })).status).toBe(200);
  });

  test('goes nowhere else', async () => {
    await using upstream = await startUpstream(ok);
    const apps = appFor([{ origin: 'https://api.openai.com' }, { origin: `${upstream.origin}/v1` }]);
    expect((await ask(upstream, `${upstream.origin}/v2`, { apps })).status).toBe(403);
    expect((await ask(upstream, `http://localhost:${upstream.port}/v1`, { apps })).status).toBe(403);
  });

  test('never goes to a private address unless its network is named', async () => {
    await using upstream = await startUpstream(ok);
    const answer = await ask(upstream, `${upstream.origin}/`, { network: {} });
    expect(answer.status).toBe(403);
    expect(await answer.text()).not.toContain('loopback');
    expect(
      (await ask(upstream, `${upstream.origin}/`, { network: { allowNetworks: ['127.0.0.0/8'] } })).status,
    ).toBe(200);
  });

  test('never goes to the gateway itself', async () => {
    await using gateway = startGateway();
    const answer = await fetch(gateway.sign(`http://127.0.0.1:${gateway.port}/healthz`));
    expect(answer.headers.get('x-sw-error')).toBe('upstream_not_allowed');
  });

  test('goes to a pinned address, by the name', async () => {
    await using upstream = await startUpstream(ok);
    const resolve = [{ hostname: 'api.example.com', port: upstream.port, address: '127.0.0.1' }];
    const answer = await ask(upstream, `http://api.example.com:${upstream.port}/x`, { network: { resolve } });
    expect(answer.status).toBe(200);
    expect((await upstream.next()).received).toContain(`\r\nHost: api.example.com:${upstream.port}\r\n`);
  });

  test('carries the headers of the upstream it goes to, and of no other', async () => {
    await using one = await startUpstream(ok);
    await using two = await startUpstream(ok);
    const apps = appFor([
      { origin: one.origin, headers: [['Authorization', 'Bearer key-of-one']] },
      { origin: two.origin, headers: [['X-Api-Key', 'key-of-two']] },
    ]);
    await using gateway = startGateway({ apps });
    await fetch(gateway.sign(`${one.origin}/`));
    await fetch(gateway.sign(`${two.origin}/`));
    const toOne = (await one.next()).received;
    const toTwo = (await two.next()).received;
    expect(toOne).toContain('\r\nAuthorization: Bearer key-of-one\r\n');
    expect(toOne).not.toContain('key-of-two');
    expect(toTwo).toContain('\r\nX-Api-Key: key-of-two\r\n');
    expect(toTwo).not.toContain('key-of-one');
  });

  test('that a list would refuse passes while the list is only tried out, and is reported', async () => {
    await using listed = await startUpstream(ok);
    await using other = await startUpstream(ok);
    const headers: [string, string][] = [['X-Api-Key', 'key']];
    const apps: SignwayOptions['apps'] = [
      {
        id: APP.id,
        secrets: [APP.secret],
        upstreams: [
          { origin: listed.origin, headers },
          { origin: '*', headers, reportOnly: true },
        ],
      },
    ];
    await using gateway = startGateway({ apps });
    for (const { origin } of [listed, other])
      expect((await fetch(gateway.sign(`${origin}/`))).status).toBe(200);
    expect(gateway.records.map(({ wouldRefuse }) => wouldRefuse)).toEqual([null, 'origin: not on the list']);
    expect((await other.next()).received).toContain('\r\nX-Api-Key: key\r\n');
    // The rule on addresses stays in force.
    expect((await fetch(gateway.sign('http://10.0.0.1/'))).status).toBe(403);
  });

  test('ignores the proxies of the environment', async () => {
    await using upstream = await startUpstream(ok);
    const proxied = process.env.HTTP_PROXY;
    process.env.HTTP_PROXY = 'http://127.0.0.1:9';
    try {
      await using gateway = startGateway();
      using client = new RawClient(gateway);
      client.send(rawRequest(gateway.sign(`${upstream.origin}/`)));
      expect(await client.receive(/\r\n\r\n/)).toStartWith('HTTP/1.1 200 ');
    } finally {
      if (proxied === undefined) delete process.env.HTTP_PROXY;
      else process.env.HTTP_PROXY = proxied;
    }
  });
});
