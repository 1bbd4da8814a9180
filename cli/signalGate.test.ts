import { expect, test } from 'bun:test';
import { createSignalGate } from './signalGate.ts';

test('a repeat up to a second after the first signal is the same one, a later one is the second', () => {
  let now = 5000;
  const step = createSignalGate(() => now);
  expect(step()).toBe('drain');
  now = 5500;
  expect(step()).toBe('repeat');
  now = 5999;
  expect(step()).toBe('repeat');
  now = 6000;
  expect(step()).toBe('exit');
});
