import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { type FrontProxy, PROXIES, startFrontProxy } from '../testing/frontProxy.ts';
import { FRONTS, startGateway, type TestGateway } from '../testing/gateway.ts';
import { installed } from '../testing/installed.ts';
import { RawClient } from '../testing/rawClient.ts';
import { type ScriptedUpstream, startUpstream } from '../testing/scriptedUpstream.ts';
import type { WireCase } from '../testing/wireAttack.ts';
import { FLOODS } from './headFloodCases.ts';
import { HOSTS, TARGETS } from './hostConfusionCases.ts';
import { FIELDS, LINES } from './malformedHeadCases.ts';
import { METHODS, STRANGERS, VERSIONS } from './otherProtocolsCases.ts';
import {
  CHUNK_FLOODS,
  HIDDEN_CODINGS,
  ODD_CHUNKS,
  ODD_CODINGS,
  ODD_ENDS,
  ODD_LENGTHS,
  TWO_FRAMES,
} from './requestSmugglingCases.ts';

const CASES: WireCase[] = [
  ...[TWO_FRAMES, ODD_LENGTHS, ODD_CODINGS, HIDDEN_CODINGS, ODD_CHUNKS, ODD_ENDS, CHUNK_FLOODS].flat(),
  ...[HOSTS, TARGETS, FIELDS, LINES, FLOODS, VERSIONS, STRANGERS, METHODS].flat(),
];

const setups = PROXIES.flatMap((name) => {
  const path = installed(name);
  if (path === null) {
    test.skip(`behind ${name}: it is not installed`, () => {});
    return [];
  }
  return FRONTS.map((front) => ({ name, path, front }));
});

describe.each(setups)('behind $name, front $front:', ({ name, path, front }) => {
  let upstream: ScriptedUpstream;
  let gateway: TestGateway;
  let proxy: FrontProxy;
  let victims = 0;

  beforeAll(async () => {
    // Says whose request it answers, so that an answer in another's place is seen.
    upstream = await startUpstream(({ send }, head) => {
      const asked = head.split(' ')[1]!;
      send(`HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: ${asked.length}\r\n\r\n${asked}`);
    });
    gateway = startGateway({
      front,
      limits: { bodyTimeout: 1000, bodySilenceTimeout: 1000, headerTimeout: 1000 },
    });
    proxy = await startFrontProxy(name, { path, backend: gateway.port });
  }, 30_000);
  afterAll(async () => {
    await proxy[Symbol.asyncDispose]();
    await gateway[Symbol.asyncDispose]();
    await upstream[Symbol.asyncDispose]();
  });

  const query = (asked: string, method: string) => {
    const url = gateway.sign(upstream.origin + asked, { method });
    return url.slice(url.indexOf('?') + 1);
  };

  /** Somebody else's request, on the connection that the proxy has kept: it must get its own answer. */
  async function askAsVictim(): Promise<void> {
    const asked = `/victim-${++victims}`;
    const url = `http://127.0.0.1:${proxy.port}/?${query(asked, 'GET')}`;
    expect(await (await fetch(url, { headers: { Connection: 'close' } })).text()).toBe(asked);
  }

  test('no request gets between two others, and the proxy and the gateway count the same', async () => {
    const odd: string[] = [];
    for (const [about, bytes] of CASES) {
      const method = /^(?:GET|POST)/.exec(bytes)?.[0] ?? 'GET';
      const cargo = `GET /?${query('/cargo', 'GET')} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`;
      const text = bytes
        .replaceAll('QUERY', () => query('/signed', method))
        .replaceAll('SMUGGLED', () => cargo);
      using client = new RawClient(proxy.port);
      client.send(text + cargo);
      await client.finished();
      await askAsVictim();
      const answered = client.received.match(/HTTP\/1\.[01] [2-9]\d\d/g)?.length ?? 0;
      // One for the request itself, one for the valid one behind it: a third was made of somebody's bytes.
      if (answered > 2) odd.push(`${about}: ${answered} answers`);
    }
    expect(odd).toEqual([]);
    // Bun.serve refuses some of them before the gateway counts them.
    const isSame = (handedOn: number) =>
      front === 'bun' ? handedOn >= gateway.records.length : handedOn === gateway.records.length;
    const handedOn = await countedBy(proxy, isSame);
    if (front === 'bun') expect(handedOn).toBeGreaterThanOrEqual(gateway.records.length);
    else expect(handedOn).toBe(gateway.records.length);
    expect(gateway.records.filter(({ code }) => code === null).length).toBeGreaterThanOrEqual(CASES.length);
  }, 300_000);
});

/** What the proxy has handed on, once its log is written and the last exchange has ended: five seconds at most. */
async function countedBy(proxy: FrontProxy, isSame: (handedOn: number) => boolean): Promise<number> {
  for (let turn = 0; turn < 100 && !isSame(await proxy.handedOn()); turn++) await Bun.sleep(50);
  return proxy.handedOn();
}
