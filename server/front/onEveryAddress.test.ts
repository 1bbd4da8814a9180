import { expect, test } from 'bun:test';
import { onEveryAddress } from './onEveryAddress.ts';

test('listens by IPv6, which takes IPv4 in', () => {
  const listener = onEveryAddress((hostname) => {
    expect(hostname).toBe('::');
    return hostname;
  });
  expect(listener).toBe('::');
});

test('listens by IPv4 where there is no IPv6', () => {
  const listener = onEveryAddress((hostname) => {
    if (hostname === '::') throw new Error('Failed to listen at ::');
    return hostname;
  });
  expect(listener).toBe('0.0.0.0');
});

test('tries no other where the port is taken', () => {
  const asked: string[] = [];
  const taken = Object.assign(new Error('Failed to listen at ::'), { code: 'EADDRINUSE' });
  expect(() =>
    onEveryAddress((hostname) => {
      asked.push(hostname);
      throw taken;
    }),
  ).toThrow(taken);
  expect(asked).toEqual(['::']);
});
