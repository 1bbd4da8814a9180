import { expect, test } from 'bun:test';
import { AsyncLocalStorage } from 'node:async_hooks';
import { Turn, type TurnMember } from './turn.ts';

test('what the events of a turn bring is read in its order, then all that is ready is written', async () => {
  const { log, member } = aLog();
  const turn = new Turn();
  const echo = (name: string) => member(name, { received: (self) => turn.write(self) });
  turn.read(echo('a'), Buffer.from('1'));
  turn.read(echo('b'), Buffer.from('2'));
  expect(log).toEqual([]);
  await endOfTurn();
  expect(log).toEqual(['a reads 1', 'b reads 2', 'a writes', 'b writes']);
});

test('what becomes ready in promises of its reading is written in the same turn', async () => {
  const { log, member } = aLog();
  const turn = new Turn();
  const slow = member('a', {
    received: (self) => void Promise.resolve().then(() => turn.write(self)),
  });
  turn.read(slow, Buffer.from('1'));
  let ended = false;
  setImmediate(() => {
    ended = true;
    expect(log).toEqual(['a reads 1', 'a writes']);
  });
  await endOfTurn();
  expect(ended).toBe(true);
});

test('what was read before another event is looked at before it', () => {
  const { log, member } = aLog();
  const turn = new Turn();
  turn.read(member('a'), Buffer.from('1'));
  turn.read(member('b'), Buffer.from('2'));
  turn.settle();
  log.push('a closes');
  expect(log).toEqual(['a reads 1', 'b reads 2', 'a closes']);
});

test('a reader that ends its connection does not have the others read out of turn', () => {
  const { log, member } = aLog();
  const turn = new Turn();
  turn.read(member('a', { received: () => turn.settle() }), Buffer.from('1'));
  turn.read(member('b'), Buffer.from('2'));
  turn.settle();
  expect(log).toEqual(['a reads 1', 'b reads 2']);
});

test('much is read at once', () => {
  const { log, member } = aLog();
  const turn = new Turn();
  turn.read(member('a'), Buffer.from('1'));
  turn.read(member('b'), Buffer.alloc(300 * 1024, '2'));
  expect(log).toHaveLength(2);
});

test('a member that throws fails alone', async () => {
  const { log, member } = aLog();
  const turn = new Turn();
  const defect = () => {
    throw new Error('a defect');
  };
  turn.read(member('a', { received: defect }), Buffer.from('1'));
  turn.read(member('b', { received: (self) => turn.write(self), flush: defect }), Buffer.from('2'));
  turn.read(member('c', { received: (self) => turn.write(self) }), Buffer.from('3'));
  await endOfTurn();
  expect(log).toEqual(['a reads 1', 'a fails', 'b reads 2', 'c reads 3', 'b writes', 'b fails', 'c writes']);
});

test('time stands still while a turn ends, and only then', async () => {
  const turn = new Turn();
  const { member } = aLog();
  const seen: number[] = [];
  const reading = member('a', {
    received: () => {
      seen.push(turn.now());
      while (performance.now() - seen[0]! < 2);
      seen.push(turn.now());
    },
  });
  turn.read(reading, Buffer.from('1'));
  await endOfTurn();
  expect(seen[1]).toBe(seen[0]!);
  expect(turn.now()).toBeGreaterThan(seen[0]!);
});

test('what a request keeps in its asynchronous context is found by no other', async () => {
  const { member } = aLog();
  const turn = new Turn();
  const storage = new AsyncLocalStorage<string>();
  const found: unknown[] = [];
  const look = () => void found.push(storage.getStore());
  const leaving = member('a', {
    received: () => {
      look();
      storage.enterWith('a');
    },
  });
  storage.run('before', () => turn.read(leaving, Buffer.from('1')));
  turn.read(member('b', { received: look }), Buffer.from('2'));
  turn.write(member('c', { flush: look }));
  storage.run('behind', () => turn.later(look));
  await endOfTurn();
  expect(found).toEqual(Array(4).fill(undefined));
});

/** Members that write down what becomes of them. */
function aLog() {
  const log: string[] = [];
  const member = (name: string, does: { received?(self: TurnMember): void; flush?(): void } = {}) => {
    const made: TurnMember = {
      received(bytes) {
        log.push(`${name} reads ${bytes.toString('latin1', 0, 1)}`);
        does.received?.(made);
      },
      flush() {
        log.push(`${name} writes`);
        does.flush?.();
      },
      fail: () => void log.push(`${name} fails`),
    };
    return made;
  };
  return { log, member };
}

/** The turn's own immediate was asked for before this one. */
function endOfTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
