import { expect, test } from 'bun:test';
import { createSystemResolver } from './resolver.ts';

test('the hosts file is asked', async () => {
  const found = await createSystemResolver()('localhost');
  expect(found.map((each) => (typeof each === 'string' ? each : each.address))).toContain('127.0.0.1');
});

test('a name that nobody knows has no address', async () => {
  expect(await createSystemResolver()('nowhere.invalid')).toEqual([]);
}, 15_000);
