import { expect, test } from 'bun:test';
import { startTimer } from './startTimer.ts';

test('a timer of a month or for ever does not call back at once', async () => {
  const calls: number[] = [];
  const timers = [30 * 86_400_000, Number.POSITIVE_INFINITY, 1].map((time) =>
    startTimer(() => calls.push(time), time),
  );
  await Bun.sleep(50);
  expect(calls).toEqual([1]);
  for (const timer of timers) clearTimeout(timer);
});
