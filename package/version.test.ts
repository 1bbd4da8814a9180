import { expect, test } from 'bun:test';
import packageJson from '../package.json';
import { isNewEnough, OLDEST_BUN, VERSION } from './version.ts';

test('the versions are those of package.json', () => {
  expect(VERSION).toBe(packageJson.version);
  expect(`>=${OLDEST_BUN}`).toBe(packageJson.engines.bun);
});

test.each([
  ['1.4.5', true],
  ['1.4.6', true],
  ['1.10.0', true],
  ['2.0.0', true],
  ['1.4.6-canary.20261101', true],
  ['1.4.4', false],
  ['1.3.99', false],
  ['0.9.9', false],
  ['', false],
  ['unknown', false],
])('takes Bun %j for new enough: %p', (version, expected) => {
  expect(isNewEnough(version)).toBe(expected);
});
