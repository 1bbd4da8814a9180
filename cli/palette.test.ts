import { expect, test } from 'bun:test';
import { wantsColours } from './palette.ts';

test('a terminal gets colours unless NO_COLOR holds anything or TERM is dumb', () => {
  expect(wantsColours(true, {})).toBe(true);
  expect(wantsColours(true, { NO_COLOR: '' })).toBe(true);
  expect(wantsColours(false, {})).toBe(false);
  expect(wantsColours(true, { NO_COLOR: '0' })).toBe(false);
  expect(wantsColours(true, { TERM: 'dumb' })).toBe(false);
});
