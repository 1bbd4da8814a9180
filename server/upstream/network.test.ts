import { describe, expect, test } from 'bun:test';
import { networkInterfaces } from 'node:os';
import { Refusal } from '../../signing/refusal.ts';
import { parseUpstreamUrl } from '../../signing/upstreamUrl.ts';
import {
  createUpstreamNetwork,
  type NetworkCache,
  type NetworkOptions,
  type UpstreamNetwork,
} from './network.ts';
import type { ResolvedAddress, Resolver } from './resolver.ts';

async function verdict(network: UpstreamNetwork, url: string): Promise<string> {
  const parsed = parseUpstreamUrl(url);
  if (typeof parsed === 'string') return 'invalid_parameter';
  try {
    return await network.authorise(parsed);
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
}

function networkOf(names: Record<string, string[]>, options: NetworkOptions = {}): UpstreamNetwork {
  return createUpstreamNetwork({ resolver: async (name) => names[name] ?? [], ...options });
}

describe('an address', () => {
  const network = networkOf({});

  test.each([
    ...[
      '0.0.0.0',
      '0.255.255.255',
      '10.0.0.1',
      '100.64.0.0',
      '100.127.255.255',
      '127.0.0.1',
      '127.255.255.254',
    ],
    ...[
      '169.254.169.254',
      '172.16.0.1',
      '172.31.255.255',
      '192.0.0.1',
      '192.0.2.1',
      '192.31.196.1',
      '192.52.193.1',
    ],
    ...[
      '192.88.99.1',
      '192.168.1.1',
      '192.175.48.1',
      '198.18.0.1',
      '198.19.255.255',
      '198.51.100.1',
      '203.0.113.1',
    ],
    ...['224.0.0.1', '239.255.255.255', '240.0.0.1', '255.255.255.255', '168.63.129.16'],
    ...[
      '[::]',
      '[::1]',
      '[::ffff:127.0.0.1]',
      '[::ffff:8.8.8.8]',
      '[::127.0.0.1]',
      '[64:ff9b::7f00:1]',
      '[64:ff9b:1::1]',
    ],
    ...[
      '[2002:7f00:1::]',
      '[2001::80ff:fffe]',
      '[2001:1ff:ffff::1]',
      '[2001:db8::1]',
      '[2620:4f:8000::1]',
      '[3fff::1]',
    ],
    ...[
      '[3fff:fff:ffff::1]',
      '[fc00::1]',
      '[fd00:ec2::254]',
      '[fe80::1]',
      '[ff02::1]',
      '[100::1]',
      '[4000::1]',
      '[1fff::1]',
    ],
  ])('%s is refused', async (host) => {
    expect(await verdict(network, `http://${host}/`)).toBe('upstream_not_allowed');
  });

  test.each([
    ...[
      '127.1',
      '2130706433',
      '0x7f000001',
      '0x7f.1',
      '017700000001',
      '0177.0.0.1',
      '127.0.0.1.',
      '127。0。0。1',
    ],
    ...[
      '①②⑦.⓪.⓪.①',
      '%31%32%37.0.0.1',
      '0',
      '0xA9FEA9FE',
      '2852039166',
      '169.254.43518',
      '0251.0376.0251.0376',
    ],
    ...[
      'localhost',
      'LOCALHOST',
      'localhost.',
      'a.localhost',
      'db.internal',
      'metadata.google.internal',
      'printer.local.',
    ],
  ])('spelt %s is refused', async (host) => {
    expect(await verdict(network, `http://${host}/`)).toBe('upstream_not_allowed');
  });

  test.each([
    ...['8.8.8.8', '1.1.1.1', '100.63.255.255', '100.128.0.1', '172.32.0.1', '172.15.255.255', '192.0.1.1'],
    ...[
      '198.20.0.1',
      '223.255.255.255',
      '168.63.129.17',
      '[2606:4700:4700::1111]',
      '[2001:200::1]',
      '[2003::1]',
    ],
  ])('%s is allowed', async (host) => {
    expect(await verdict(network, `https://${host}/`)).toBe(host.replace(/[[\]]/g, ''));
  });
});

describe('a name', () => {
  test('is resolved to the first of its addresses', async () => {
    const network = networkOf({ 'api.test': ['93.184.215.14', '2606:4700::1'] });
    expect(await verdict(network, 'https://api.test/')).toBe('93.184.215.14');
  });

  test('with one good and one bad address is refused, in either order', async () => {
    const network = networkOf({ 'a.test': ['8.8.8.8', '127.0.0.1'], 'b.test': ['::1', '8.8.8.8'] });
    expect(await verdict(network, 'https://a.test/')).toBe('upstream_not_allowed');
    expect(await verdict(network, 'https://b.test/')).toBe('upstream_not_allowed');
  });

  test('that does not resolve cannot be reached', async () => {
    expect(await verdict(networkOf({}), 'https://nowhere.test/')).toBe('upstream_unreachable');
  });

  test('for the inside is refused although its address is public', async () => {
    expect(await verdict(networkOf({ 'db.internal': ['8.8.8.8'] }), 'https://db.internal/')).toBe(
      'upstream_not_allowed',
    );
  });

  test('is asked for once, however many want it', async () => {
    const { network, asked } = counted({ answer: { address: '8.8.8.8', ttl: 60 } });
    await Promise.all([verdict(network, 'https://a.test/'), verdict(network, 'https://a.test/x')]);
    await verdict(network, 'https://a.test/y');
    expect(asked()).toBe(1);
  });

  test.each([
    ['its time is over', { answer: { address: '8.8.8.8', ttl: 0 }, cache: { min: 0 } }, 3],
    [
      'its time is longer than the longest',
      { answer: { address: '8.8.8.8', ttl: 60 }, cache: { max: 0, min: 0 } },
      3,
    ],
    ['nobody says how long it is good for', { answer: '8.8.8.8', cache: { untimed: 0 } }, 3],
    ['it is refused', { answer: '127.0.0.1', cache: { failed: 0 } }, 3],
    ['it does not resolve', { answer: null, cache: { failed: 0 } }, 3],
  ] as const)('is asked for again when %s', async (_, options, times) => {
    const { network, asked } = counted(options);
    for (let time = 0; time < times; time++) await verdict(network, 'https://a.test/');
    expect(asked()).toBe(times);
  });

  test.each([
    ['a time to live below the least', { answer: { address: '8.8.8.8', ttl: 0 } }],
    ['no time to live', { answer: '8.8.8.8' }],
    ['an address that is refused', { answer: '127.0.0.1' }],
    ['no address', { answer: null }],
  ] as const)('with %s is not asked for with every request', async (_, options) => {
    const { network, asked } = counted(options);
    for (let time = 0; time < 3; time++) await verdict(network, 'https://a.test/');
    expect(asked()).toBe(1);
  });
});

/** A network whose resolver counts how often it is asked. */
function counted({ answer, cache = {} }: CountedOptions): { network: UpstreamNetwork; asked: () => number } {
  let asked = 0;
  const resolver: Resolver = async () => {
    asked++;
    return answer === null ? [] : [answer];
  };
  return { network: createUpstreamNetwork({ resolver, cache }), asked: () => asked };
}

interface CountedOptions {
  answer: string | ResolvedAddress | null;
  cache?: Partial<NetworkCache>;
}

describe('an opened network', () => {
  const network = networkOf(
    {
      'db.internal': ['10.1.2.3'],
      'mixed.test': ['10.1.2.3', '192.168.0.1'],
      localhost: ['127.0.0.1', '::1'],
    },
    { allowNetworks: ['10.0.0.0/8', '127.0.0.0/8', 'fd00::/8'] },
  );

  test('opens its addresses and the names that lie in it whole', async () => {
    expect(await verdict(network, 'http://10.255.0.1/')).toBe('10.255.0.1');
    expect(await verdict(network, 'http://127.0.0.1:9/')).toBe('127.0.0.1');
    expect(await verdict(network, 'http://[fd12::1]/')).toBe('fd12::1');
    expect(await verdict(network, 'http://db.internal/')).toBe('10.1.2.3');
  });

  test('opens nothing beside it', async () => {
    expect(await verdict(network, 'http://11.0.0.1/')).toBe('11.0.0.1');
    expect(await verdict(network, 'http://192.168.0.1/')).toBe('upstream_not_allowed');
    expect(await verdict(network, 'http://mixed.test/')).toBe('upstream_not_allowed');
    expect(await verdict(network, 'http://localhost/')).toBe('upstream_not_allowed');
  });

  test("never opens the gateway's own listener, by whatever address or pin", async () => {
    const open = networkOf(
      { 'gw.test': ['127.0.0.1'] },
      {
        allowNetworks: ['0.0.0.0/0', '::/0'],
        resolve: [{ hostname: 'pinned.test', port: 3000, address: '127.0.0.1' }],
      },
    );
    open.refuseListener(3000);
    const own = Object.values(networkInterfaces())
      .flatMap((each) => each ?? [])
      .map(({ address, family }) => (family === 'IPv6' ? `[${address}]` : address));
    for (const host of [
      '127.0.0.1',
      '127.9.9.9',
      '0.0.0.0',
      '[::1]',
      '[::ffff:127.0.0.1]',
      'gw.test',
      'pinned.test',
      ...own,
    ]) {
      if (host.includes('%')) continue;
      expect([host, await verdict(open, `http://${host}:3000/`)]).toEqual([host, 'upstream_not_allowed']);
    }
    expect(await verdict(open, 'http://127.0.0.1:3001/')).toBe('127.0.0.1');
    open.refuseListener(3001);
    expect(await verdict(open, 'http://127.0.0.1:3001/')).toBe('upstream_not_allowed');
  });

  test.each([
    '10.0.0.0',
    '10.0.0.1/8',
    '10/8',
    '10.0.0.0/33',
    'fd00::/129',
    'localhost/8',
    '0x0a.0.0.0/8',
    '',
  ])('cannot be %p', (cidr) => {
    expect(() => createUpstreamNetwork({ allowNetworks: [cidr] })).toThrow(TypeError);
  });
});

describe('a pinned name', () => {
  const network = networkOf(
    { 'api.test': ['8.8.8.8'] },
    {
      resolve: [
        { hostname: 'API.test', port: 443, address: '127.0.0.1' },
        { hostname: 'six.test', port: 80, address: '[::1]' },
      ],
    },
  );

  test('goes to its address, for exactly its port', async () => {
    expect(await verdict(network, 'https://api.test/')).toBe('127.0.0.1');
    expect(await verdict(network, 'https://api.test:8443/')).toBe('8.8.8.8');
    expect(await verdict(network, 'http://six.test/')).toBe('::1');
    expect(await verdict(network, 'https://127.0.0.1/')).toBe('upstream_not_allowed');
  });

  test('needs an address', () => {
    const resolve = [{ hostname: 'a.test', port: 1, address: 'b.test' }];
    expect(() => createUpstreamNetwork({ resolve })).toThrow(TypeError);
  });
});
