import { expect, test } from 'bun:test';
import { createOccupancy } from './occupancy.ts';

const LIMITS = { maxRequests: 2, maxRequestsPerClient: 0, maxHeldBytes: 10 };

test('the last place is given, one more is overloaded, and one that is left is given again', () => {
  const occupancy = createOccupancy();
  const first = occupancy.enter(null, LIMITS);
  occupancy.enter(null, LIMITS).check();
  const third = occupancy.enter(null, LIMITS);
  expect(() => third.check()).toThrow(expect.objectContaining({ code: 'overloaded' }));
  third.leave();
  first.leave();
  occupancy.enter(null, LIMITS).check();
  expect(occupancy.requests).toBe(2);
});

test('a client has places of its own', () => {
  const occupancy = createOccupancy();
  const limits = { ...LIMITS, maxRequests: 0, maxRequestsPerClient: 1 };
  const first = occupancy.enter('a', limits);
  first.check();
  const second = occupancy.enter('a', limits);
  expect(() => second.check()).toThrow(expect.objectContaining({ code: 'too_many_streams' }));
  occupancy.enter('b', limits).check();
  second.leave();
  first.leave();
  occupancy.enter('a', limits).check();
  expect(occupancy.clients).toBe(2);
});

test('bytes are held up to the limit, and are given back once, however the request ends', () => {
  const occupancy = createOccupancy();
  const first = occupancy.enter(null, LIMITS);
  first.hold(10);
  const second = occupancy.enter(null, LIMITS);
  expect(() => second.hold(1)).toThrow(expect.objectContaining({ code: 'overloaded' }));
  expect(() => second.checkRoom(1)).toThrow(expect.objectContaining({ code: 'overloaded' }));
  first.release();
  second.checkRoom(10);
  second.hold(10);
  first.leave();
  second.leave();
  second.leave();
  expect([occupancy.requests, occupancy.heldBytes]).toEqual([0, 0]);
});

test('0 is no limit', () => {
  const occupancy = createOccupancy();
  const limits = { maxRequests: 0, maxRequestsPerClient: 0, maxHeldBytes: 0 };
  for (let count = 0; count < 100; count++) {
    const place = occupancy.enter('a', limits);
    place.check();
    place.hold(1e12);
  }
  expect(occupancy.requests).toBe(100);
});
