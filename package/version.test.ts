import { expect, test } from 'bun:test';
import packageJson from '../package.json';
import { isNewEnough, OLDEST_BUN, VERSION } from './version.ts';

test('the versions are those of package.json', () => {
  expect(VERSION).toBe(packageJson.version);
  expect(`>=${OLDEST_BUN}`).toBe(packageJson.engines.bun);
});

test('every dependency runs on the oldest Node that the package does', async () => {
  const oldest = `${packageJson.engines.node.replace('>=', '')}.0`;
  for (const name of Object.keys(packageJson.dependencies)) {
    const manifest = Bun.file(new URL(`../node_modules/${name}/package.json`, import.meta.url));
    const { engines } = await manifest.json();
    expect([name, Bun.semver.satisfies(oldest, engines?.node ?? '*')]).toEqual([name, true]);
  }
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
