import { expect, test } from 'bun:test';
import { matchesPattern, PATTERN_PERIOD, patternAt } from './pattern.ts';

test('a body cut anywhere matches at its own offset alone', () => {
  const bytes = patternAt(1000, 500);
  expect(matchesPattern(bytes, 1000)).toBe(true);
  expect(matchesPattern(bytes, 1001)).toBe(false);
  expect(matchesPattern(bytes, 1000 + 3 * PATTERN_PERIOD)).toBe(true);
});

test('a body longer than a period is compared to its last byte', () => {
  const long = new Uint8Array(Buffer.concat([patternAt(7, PATTERN_PERIOD), patternAt(7, PATTERN_PERIOD)]));
  expect(matchesPattern(long, 7)).toBe(true);
  long[long.length - 1]! ^= 1;
  expect(matchesPattern(long, 7)).toBe(false);
});
