import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import {
  APP,
  type Front,
  INJECTED,
  startGateway,
  type TestGateway,
  WIRE_FRONTS,
} from '../testing/gateway.ts';
import { askRaw } from '../testing/rawAnswer.ts';
import { type ScriptedUpstream, startUpstream } from '../testing/scriptedUpstream.ts';
import { signUnnormalised } from '../testing/signUnnormalised.ts';

const LOOPBACK_SPELLINGS = [
  ...[
    '127.0.0.1',
    '127.1',
    '127.0.1',
    '2130706433',
    '0x7f000001',
    '0x7f.1',
    '0x7F.0x0.0x0.0x1',
    '017700000001',
  ],
  ...[
    '0177.0.0.1',
    '00000177.0.0.1',
    '127.0.0.1.',
    '127。0。0。1',
    '127．0．0．1',
    '①②⑦.⓪.⓪.①',
    '%31%32%37.0.0.1',
  ],
  ...[
    '127.0.0%2e1',
    '0',
    '0.0.0.0',
    '0x0',
    '127.255.255.254',
    '[::]',
    '[::1]',
    '[0:0:0:0:0:0:0:1]',
    '[::ffff:127.0.0.1]',
  ],
  ...[
    '[::ffff:7f00:1]',
    '[::127.0.0.1]',
    '[64:ff9b::7f00:1]',
    '[2002:7f00:1::]',
    '[2001::80ff:fffe]',
    'localhost',
  ],
  ...['LOCALHOST', 'localhost.', 'ⓛocalhost', 'a.localhost', 'local%68ost'],
];

const INSIDE_SPELLINGS = [
  ...[
    '169.254.169.254',
    '0xA9FEA9FE',
    '2852039166',
    '169.254.43518',
    '0251.0376.0251.0376',
    '[::ffff:169.254.169.254]',
  ],
  ...[
    '[fd00:ec2::254]',
    '[fe80::1]',
    'metadata.google.internal',
    '168.63.129.16',
    '10.0.0.1',
    '192.168.0.1',
    '172.16.0.1',
  ],
  ...[
    '100.64.0.1',
    '255.255.255.255',
    '224.0.0.1',
    'db.internal',
    'printer.local',
    'kubernetes.default.svc.cluster.local',
  ],
];

/** Refused before it is asked where they lead: no host, or one that two parsers could read differently. */
const NO_HOSTS = [
  'api.openai.com@127.0.0.1',
  '127.0.0.1#@api.openai.com',
  '127.0.0.1\\@api.openai.com',
  '[::1',
  '127.0.0.1 ',
  '[fe80::1%25lo]',
  '256.256.256.256',
  '1.2.3.4.5',
];

describe.each(WIRE_FRONTS)(
  'front %s: an address inside, however it is spelt, is refused and not connected to:',
  (front) => {
    let upstream: ScriptedUpstream;
    let gateway: TestGateway;

    beforeAll(async () => {
      upstream = await startUpstream(({ send }) => send('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'));
      gateway = startGateway({ front, network: {} });
    });
    afterAll(async () => {
      await gateway[Symbol.asyncDispose]();
      await upstream[Symbol.asyncDispose]();
    });

    test.each([...LOOPBACK_SPELLINGS, ...INSIDE_SPELLINGS])('http://%s', async (host) => {
      // A connection to one of the others would fail, and be told from a refusal by that.
      expect(await codeFor(gateway, `http://${host}:${upstream.port}/`)).toBe('upstream_not_allowed');
      expect(upstream.accepted).toBe(0);
    });

    test.each(NO_HOSTS)('http://%s', async (host) => {
      expect(await codeFor(gateway, `http://${host}:${upstream.port}/`)).toBe('invalid_parameter');
      expect(upstream.accepted).toBe(0);
    });
  },
);

describe.each(WIRE_FRONTS)(
  'front %s: a name that only looks like the allowed one is never looked up:',
  (front) => {
    test.each([
      ['https://api.openai.com@evil.test/', 'invalid_parameter'],
      ['https://api.openai.com:443@evil.test/', 'invalid_parameter'],
      ['https://evil.test#api.openai.com', 'invalid_parameter'],
      ['https://evil.test\\.api.openai.com/', 'invalid_parameter'],
      ['https://api.openai.com.evil.test/', 'upstream_not_allowed'],
      ['https://notapi.openai.com/', 'upstream_not_allowed'],
      ['https://api.openai.com%2eevil.test/', 'upstream_not_allowed'],
      ['https://api-openai.com/', 'upstream_not_allowed'],
      ['https://api.openai.com./', 'upstream_not_allowed'],
      ['https://openai.com/', 'upstream_not_allowed'],
      ['https://x.api.openai.com/', 'upstream_not_allowed'],
      ['https://api.openai.com:8443/', 'upstream_not_allowed'],
      ['http://api.openai.com/', 'upstream_not_allowed'],
      ['http://api.openai.com:443/', 'upstream_not_allowed'],
      ['https://evil.test/https://api.openai.com/', 'upstream_not_allowed'],
      ['https://evil.test/?https://api.openai.com/', 'upstream_not_allowed'],
      ['https://\u0430pi.openai.com/', 'upstream_not_allowed'],
      ['https://api.open\u0430i.com/', 'upstream_not_allowed'],
    ])('%s', async (url, code) => {
      const { gateway, asked } = gatewayFor(front, 'https://api.openai.com');
      await using _ = gateway;
      expect(await codeFor(gateway, url)).toBe(code);
      expect(asked()).toBe(0);
    });

    test.each([
      'https://api.openai.com/v2',
      'https://api.openai.com/v1x',
      'https://api.openai.com/',
      'https://api.openai.com/v1/../v2',
      'https://api.openai.com/v1/%2e%2e/v2',
      'https://api.openai.com/v1/..%2fv2',
      'https://api.openai.com/v1/%2E%2E%2Fv2',
      'https://api.openai.com/v1/..%5cv2',
      'https://api.openai.com/v1/%252e%252e/v2',
      'https://api.openai.com/V1/x',
    ])('%s, below another path than the allowed one', async (url) => {
      const { gateway, asked } = gatewayFor(front, 'https://api.openai.com/v1');
      await using _ = gateway;
      expect(await codeFor(gateway, url)).toBe('upstream_not_allowed');
      expect(asked()).toBe(0);
    });

    test.each([
      'https://a.b.openai.com/',
      'https://openai.com/',
      'https://.openai.com/',
      'https://a.openai.com.evil.test/',
      'https://aopenai.com/',
      'https://a%2eb.openai.com/',
      'https://a。b.openai.com/',
    ])('%s, where one label is allowed', async (url) => {
      const { gateway, asked } = gatewayFor(front, 'https://*.openai.com');
      await using _ = gateway;
      expect(['upstream_not_allowed', 'invalid_parameter']).toContain(
        (await codeFor(gateway, url)) as string,
      );
      expect(asked()).toBe(0);
    });

    test('but the allowed one is, so that all of this has shown something', async () => {
      const { gateway, asked } = gatewayFor(front, 'https://api.openai.com');
      await using _ = gateway;
      expect(await codeFor(gateway, 'https://API.openai.com:443/any')).toBe('upstream_unreachable');
      expect(asked()).toBe(1);
    });
  },
);

describe.each(WIRE_FRONTS)('front %s: the gateway', (front) => {
  test.each(['127.0.0.1', '127.9.9.9', '0.0.0.0', '[::ffff:127.0.0.1]', 'localhost'])(
    'is not reached through itself at %s, whatever is opened',
    async (host) => {
      const rules = {
        apps: [{ id: APP.id, secrets: [APP.secret], upstreams: [{ origin: '*', headers: INJECTED }] }],
        network: { allowNetworks: ['0.0.0.0/0', '::/0'] },
      };
      await using gateway = startGateway({ front, ...rules });
      const itself = `http://${host}:${gateway.port}/healthz`;
      expect(await codeFor(gateway, itself)).toBe('upstream_not_allowed');
      gateway.update(rules);
      expect(await codeFor(gateway, itself)).toBe('upstream_not_allowed');
      expect(gateway.records).toHaveLength(2);
    },
  );
});

async function codeFor(gateway: TestGateway, proxyUrl: string): Promise<string | null> {
  const bytes = `GET /?${signUnnormalised(proxyUrl)} HTTP/1.1\r\nHost: gw.test\r\nConnection: close\r\n\r\n`;
  const { status, code } = await askRaw(gateway, bytes);
  if (code === 'upstream_not_allowed') expect(status).toBe(403);
  return code;
}

/** A gateway whose one upstream is allowed, and whose resolver knows nobody and counts how often it is asked. */
function gatewayFor(front: Front, origin: string): { gateway: TestGateway; asked: () => number } {
  let asked = 0;
  const gateway = startGateway({
    front,
    apps: [{ id: APP.id, secrets: [APP.secret], upstreams: [{ origin, headers: INJECTED }] }],
    network: {
      resolver: async () => {
        asked++;
        return [];
      },
    },
  });
  return { gateway, asked: () => asked };
}
