import { describe, expect, test } from 'bun:test';
import { clientKey, createClientAddress } from './clientAddress.ts';

describe('the address of a client', () => {
  const behind = createClientAddress(['10.0.0.0/8', 'fd00::/8']);

  test.each([
    ['192.0.2.1', null, '192.0.2.1'],
    ['::ffff:192.0.2.1', null, '192.0.2.1'],
    ['10.0.0.1', '192.0.2.1', '192.0.2.1'],
    ['10.0.0.1', 'evil, 192.0.2.1', '192.0.2.1'],
    ['10.0.0.1', '198.51.100.1, 192.0.2.1, 10.0.0.2', '192.0.2.1'],
    ['10.0.0.1', '192.0.2.1:1234', '192.0.2.1'],
    ['fd00::1', '[2001:db8::1]:1234', '2001:db8::1'],
    ['fd00::1', '2001:DB8:0::1', '2001:db8::1'],
    ['10.0.0.1', '::ffff:192.0.2.1', '192.0.2.1'],
    ['10.0.0.1', '10.0.0.3, 10.0.0.2', '10.0.0.3'],
  ])('%s with %p is %s', (peer, forwardedFor, client) => {
    expect(behind(peer, forwardedFor)).toBe(client);
  });

  test.each([
    ['a client that is no trusted proxy', '192.0.2.1', '198.51.100.1', '192.0.2.1'],
    ['a client behind one', '10.0.0.1', '198.51.100.1, 192.0.2.1', '192.0.2.1'],
    ['what is no address', '10.0.0.1', '198.51.100.1, unknown', '10.0.0.1'],
    ['an address in another notation', '10.0.0.1', '198.51.100.1, 0x7f.1', '10.0.0.1'],
    ['nothing', '10.0.0.1', '', '10.0.0.1'],
  ])('is never taken from %s', (_, peer, forwardedFor, client) => {
    expect(behind(peer, forwardedFor)).toBe(client);
  });

  test('is that of the connection where no proxy is trusted', () => {
    expect(createClientAddress([])('10.0.0.1', '192.0.2.1')).toBe('10.0.0.1');
  });

  test('needs networks', () => {
    expect(() => createClientAddress(['10.0.0.1'])).toThrow(TypeError);
  });
});

test.each([
  ['192.0.2.1', '192.0.2.1'],
  ['2001:db8:1:2::1', '2001:db8:1:2::/64'],
  ['2001:db8:1:2:ffff::', '2001:db8:1:2::/64'],
  ['2001:db8:1:3::1', '2001:db8:1:3::/64'],
])('%s counts as %s', (address, key) => {
  expect(clientKey(address)).toBe(key);
});
