import { expect, test } from 'bun:test';
import { createRestartPolicy, HEALTHY_AFTER } from './restartPolicy.ts';

test('a worker that ends at once is restarted after longer and longer pauses, six times', () => {
  const restart = createRestartPolicy();
  expect(Array.from({ length: 7 }, () => restart(HEALTHY_AFTER - 1))).toEqual([
    0,
    100,
    200,
    400,
    800,
    1600,
    'give up',
  ]);
});

test('a worker that has lived for ten seconds is restarted at once, and what was before is forgotten', () => {
  const restart = createRestartPolicy();
  for (let count = 0; count < 20; count++) expect(restart(HEALTHY_AFTER)).toBe(0);
  expect([restart(0), restart(0), restart(HEALTHY_AFTER), restart(0)]).toEqual([100, 200, 0, 100]);
});
