import { expect, test } from 'bun:test';
import { ManualClock } from '../testing/manualClock.ts';
import { DeadlineTimer, type Expiring } from './deadlineTimer.ts';

test('each deadline is told at its time, whichever was watched first', () => {
  const { clock, timer, log, at } = start();
  timer.watch(at(30, 'c'));
  timer.watch(at(10, 'a'));
  timer.watch(at(20, 'b'));
  clock.advance(9);
  expect(log).toEqual([]);
  clock.advance(30);
  expect(log).toEqual(['a at 10', 'b at 20', 'c at 30']);
});

test('what is forgotten is not told', () => {
  const { clock, timer, log, at } = start();
  const one = at(10, 'a');
  timer.watch(one);
  timer.watch(at(20, 'b'));
  timer.forget(one);
  clock.advance(100);
  expect(log).toEqual(['b at 20']);
});

test('a deadline that has moved away is told when it has come', () => {
  const { clock, timer, log, at } = start();
  const one = at(10, 'a');
  timer.watch(one);
  clock.advance(5);
  one.expiresAt = 25;
  clock.advance(100);
  expect(log).toEqual(['a at 25']);
});

test('a deadline that has moved towards now is told as soon as it comes', () => {
  const { clock, timer, log, at } = start();
  const one = at(Number.POSITIVE_INFINITY, 'a');
  timer.watch(one);
  clock.advance(5);
  one.expiresAt = 7;
  timer.sooner(7);
  clock.advance(100);
  expect(log).toEqual(['a at 7']);
});

test('those that one takes with it are not told any more', () => {
  const { clock, timer, log, at } = start();
  const others = [at(10, 'b'), at(10, 'c')];
  timer.watch(
    at(10, 'a', (self) => {
      timer.forget(self);
      for (const other of others) timer.forget(other);
    }),
  );
  for (const other of others) timer.watch(other);
  timer.watch(at(10, 'd'));
  clock.advance(100);
  expect(log).toEqual(['a at 10', 'd at 10']);
});

test('those that become watched while others are told have their turn', () => {
  const { clock, timer, log, at } = start();
  timer.watch(
    at(10, 'a', (self) => {
      timer.forget(self);
      timer.watch(at(10, 'b'));
      timer.watch(at(15, 'c'));
    }),
  );
  clock.advance(100);
  expect(log).toEqual(['a at 10', 'b at 11', 'c at 15']);
});

test('what is forgotten holds none of those that came after it', () => {
  const { timer, at } = start();
  const others = [at(10, 'a'), at(10, 'b'), at(10, 'c')];
  for (const one of others) timer.watch(one);
  for (const one of others) timer.forget(one);
  expect(others.map(({ before, after }) => [before, after])).toEqual(Array(3).fill([null, null]));
});

/** Deadlines that write down when they are told; each is then forgotten unless it does something else. */
function start() {
  const clock = new ManualClock();
  const timer = new DeadlineTimer(clock);
  const log: string[] = [];
  function at(expiresAt: number, name: string, then = (self: Expiring) => timer.forget(self)) {
    const one: Expiring & { expiresAt: number } = {
      before: null,
      after: null,
      expiresAt,
      expired() {
        log.push(`${name} at ${clock.now()}`);
        then(one);
      },
    };
    return one;
  }
  return { clock, timer, log, at };
}
