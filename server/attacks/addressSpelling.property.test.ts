import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { Refusal } from '../../signing/refusal.ts';
import { parseUpstreamUrl } from '../../signing/upstreamUrl.ts';
import { FUZZ_TIMEOUT, fuzzRuns } from '../testing/fuzzRuns.ts';
import { createUpstreamNetwork } from '../upstream/network.ts';

/** The networks that are refused, as docs/protocol.md's rule lists them, apart from the code's own list. */
const REFUSED = [
  ...[
    '0.0.0.0/8',
    '10.0.0.0/8',
    '100.64.0.0/10',
    '127.0.0.0/8',
    '169.254.0.0/16',
    '172.16.0.0/12',
    '192.0.0.0/24',
  ],
  ...[
    '192.0.2.0/24',
    '192.31.196.0/24',
    '192.52.193.0/24',
    '192.88.99.0/24',
    '192.168.0.0/16',
    '192.175.48.0/24',
  ],
  ...['198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24', '224.0.0.0/4', '240.0.0.0/4', '168.63.129.16/32'],
].map((cidr) => {
  const [base, bits] = cidr.split('/') as [string, string];
  const size = 2 ** (32 - Number(bits));
  const first = base.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0);
  return { first, last: first + size - 1 };
});

const inside = fc
  .constantFrom(...REFUSED)
  .chain(({ first, last }) => fc.oneof(fc.integer({ min: first, max: last }), fc.constantFrom(first, last)));
const address = fc.oneof(inside, inside, fc.integer({ min: 0, max: 2 ** 32 - 1 }));

const radix = fc.constantFrom('decimal', 'hex', 'HEX', 'octal', 'padded');

function written(part: number, how: string): string {
  if (how === 'hex') return `0x${part.toString(16)}`;
  if (how === 'HEX') return `0X${part.toString(16).toUpperCase()}`;
  if (how === 'octal') return `0${part.toString(8)}`;
  if (how === 'padded') return `0x${part.toString(16).padStart(12, '0')}`;
  return String(part);
}

/** Ways in which software writes digits and dots that a URL parser reads as ASCII. */
const disguise = fc.constantFrom(
  (host: string) => host,
  (host: string) => `${host}.`,
  (host: string) => host.replaceAll('.', '\u3002'),
  (host: string) => host.replaceAll('.', '%2e'),
  (host: string) => host.replace(/\d/g, (digit) => String.fromCharCode(0xff10 + Number(digit))),
  (host: string) => host.replace(/\d/, (digit) => `%3${digit}`),
);

const spelling = fc
  .tuple(address, fc.integer({ min: 1, max: 4 }), fc.array(radix, { minLength: 4, maxLength: 4 }), disguise)
  .map(([number, parts, radices, disguised]) => {
    const rest = 256 ** (5 - parts);
    const pieces = [number % rest];
    for (let left = Math.floor(number / rest); pieces.length < parts; left = Math.floor(left / 256)) {
      pieces.unshift(left % 256);
    }
    return { number, host: disguised(pieces.map((piece, at) => written(piece, radices[at]!)).join('.')) };
  });

test(
  'an address, however it is spelt, is refused exactly if it is no public one',
  async () => {
    const network = createUpstreamNetwork({ resolver: async () => [] });
    let refused = 0;
    let allowed = 0;
    await fc.assert(
      fc.asyncProperty(spelling, fc.constantFrom('http', 'https'), async ({ number, host }, scheme) => {
        const url = parseUpstreamUrl(`${scheme}://${host}/`);
        if (typeof url === 'string') throw new Error(`${host} ${url}`);
        const isRefused = REFUSED.some(({ first, last }) => first <= number && number <= last);
        isRefused ? refused++ : allowed++;
        const verdict = await Promise.resolve(network.authorise(url)).catch((error) => {
          if (error instanceof Refusal) return error.code;
          throw error;
        });
        const dotted = [24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join('.');
        expect(verdict).toBe(isRefused ? 'upstream_not_allowed' : dotted);
      }),
      fuzzRuns(3000),
    );
    expect(Math.min(refused, allowed)).toBeGreaterThan(0);
  },
  FUZZ_TIMEOUT,
);

test(
  'an IPv6 address is refused exactly if it is no public one',
  async () => {
    const network = createUpstreamNetwork({ resolver: async () => [] });
    const group = fc.constantFrom(
      0,
      0,
      1,
      0x20,
      0x2000,
      0x2001,
      0x2002,
      0x2606,
      0x2620,
      0x3fff,
      0x64,
      0xff9b,
      0xffff,
      0xfe80,
      0xfc00,
      0xdb8,
      0x4f,
      0x8000,
      0x7f00,
      0x01ff,
      0x0200,
    );
    const six = fc.array(fc.oneof(group, fc.integer({ min: 0, max: 0xffff })), {
      minLength: 8,
      maxLength: 8,
    });
    await fc.assert(
      fc.asyncProperty(six, async (groups) => {
        const [a, b, c] = groups as [number, number, number];
        const isPublic =
          a >= 0x2000 &&
          a <= 0x3fff && // 2000::/3
          !(a === 0x2001 && b < 0x0200) && // 2001::/23
          !(a === 0x2001 && b === 0x0db8) && // 2001:db8::/32
          a !== 0x2002 && // 2002::/16
          !(a === 0x2620 && b === 0x004f && c === 0x8000) && // 2620:4f:8000::/48
          !(a === 0x3fff && b < 0x1000); // 3fff::/20
        const url = new URL(`https://[${groups.map((each) => each.toString(16)).join(':')}]/`);
        const verdict = await Promise.resolve(network.authorise(url)).catch(
          (error) => (error as Refusal).code,
        );
        expect(verdict === 'upstream_not_allowed').toBe(!isPublic);
      }),
      fuzzRuns(3000),
    );
  },
  FUZZ_TIMEOUT,
);
