import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { getServers, setServers } from 'node:dns';
import { type Dnsmasq, startDnsmasq } from '../testing/dnsmasq.ts';
import { startGateway, type TestGateway, type TestGatewayOptions, WIRE_FRONTS } from '../testing/gateway.ts';
import { installed } from '../testing/installed.ts';
import { type ScriptedUpstream, startUpstream } from '../testing/scriptedUpstream.ts';

const program = installed('dnsmasq');
const GOOD = '127.0.0.2';
const BAD = '127.0.0.1';

// One address of loopback is opened and stands for the public ones; the other is what must not be reached.
const NETWORK = { allowNetworks: [`${GOOD}/32`], cache: { min: 0, failed: 0 } };

const fronts = describe.each(program === null ? [] : WIRE_FRONTS);
if (program === null) test.skip('DNS rebinding: dnsmasq is not installed', () => {});

fronts('front %s: a name that a real name server rebinds', (front) => {
  const system = getServers();
  let names: Dnsmasq;
  let good: ScriptedUpstream;
  let bad: ScriptedUpstream;

  beforeAll(async () => {
    names = await startDnsmasq(program!, { ttl: 0 });
    setServers([names.server]);
    [good, bad] = await startPair();
  });
  afterAll(async () => {
    setServers(system);
    await good[Symbol.asyncDispose]();
    await bad[Symbol.asyncDispose]();
    await names[Symbol.asyncDispose]();
  });

  const gatewayFor = (network: TestGatewayOptions['network'] = NETWORK) => startGateway({ front, network });

  async function ask(gateway: TestGateway, name: string): Promise<string> {
    const answer = await gateway.ask(gateway.sign(`http://${name}:${good.port}/`));
    return answer.headers.get('x-sw-error') ?? (await answer.text());
  }

  test('to the inside after it was allowed is refused', async () => {
    await using gateway = gatewayFor();
    await names.rebind({ 'after.test': [GOOD] });
    expect(await ask(gateway, 'after.test')).toBe('good');
    await names.rebind({ 'after.test': [BAD] });
    expect(await ask(gateway, 'after.test')).toBe('upstream_not_allowed');
    await names.rebind({ 'after.test': [GOOD] });
    expect(await ask(gateway, 'after.test')).toBe('good');
    expect(bad.accepted).toBe(0);
  });

  test.each([
    [GOOD, BAD],
    [BAD, GOOD],
    [GOOD, '::1'],
    [GOOD, '::ffff:127.0.0.1'],
  ])('to both %s and %s is refused whole', async (one, other) => {
    await using gateway = gatewayFor();
    await names.rebind({ 'both.test': [one, other] });
    expect(await ask(gateway, 'both.test')).toBe('upstream_not_allowed');
    expect(bad.accepted).toBe(0);
  });

  test('while its address is kept goes on to the address that was checked', async () => {
    await using gateway = gatewayFor({ ...NETWORK, cache: { min: 60_000 } });
    await names.rebind({ 'kept.test': [GOOD] });
    expect(await ask(gateway, 'kept.test')).toBe('good');
    await names.rebind({ 'kept.test': [BAD] });
    expect(await ask(gateway, 'kept.test')).toBe('good');
    expect(bad.accepted).toBe(0);
  });

  test('to and fro while it is called reaches the inside never', async () => {
    await using gateway = gatewayFor();
    const answers = new Set<string>();
    for (let turn = 0; turn < 20; turn++) {
      const asked = Array.from({ length: 10 }, () => ask(gateway, 'turning.test'));
      await names.rebind({ 'turning.test': [turn % 2 === 0 ? GOOD : BAD] });
      for (const answer of await Promise.all(asked)) answers.add(answer);
    }
    expect(answers).toContain('good');
    expect(answers).toContain('upstream_not_allowed');
    expect(bad.accepted).toBe(0);
  }, 60_000);
});

/** One server for each address, on the same port. */
async function startPair(attempts = 10): Promise<[good: ScriptedUpstream, bad: ScriptedUpstream]> {
  const good = await startUpstream(answer('good'), { hostname: GOOD });
  try {
    return [good, await startUpstream(answer('bad'), { hostname: BAD, port: good.port })];
  } catch (error) {
    await good[Symbol.asyncDispose]();
    if (attempts === 1) throw error;
    return await startPair(attempts - 1);
  }
}

function answer(text: string) {
  return ({ send }: { send: (text: string) => void }) =>
    send(`HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: ${text.length}\r\n\r\n${text}`);
}
