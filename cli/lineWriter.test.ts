import { expect, test } from 'bun:test';
import { createLineWriter } from './lineWriter.ts';
import type { Output } from './terminal.ts';

/** An output whose writes end when the test says so. */
function heldOutput() {
  const written: string[] = [];
  const pending: PromiseWithResolvers<void>[] = [];
  let arrived = Promise.withResolvers<void>();
  const output: Output = {
    colours: false,
    write(text) {
      written.push(text);
      const each = Promise.withResolvers<void>();
      pending.push(each);
      arrived.resolve();
      arrived = Promise.withResolvers();
      return each.promise;
    },
  };
  return { output, written, pending, next: () => arrived.promise };
}

const line = (text: string) => text;

test('lines wait for each other and are written together', async () => {
  const { output, written, pending, next } = heldOutput();
  const writer = createLineWriter(output, { line, flushAfter: 1 });
  writer.write('a');
  writer.write('b');
  expect(written).toEqual([]);
  await next();
  expect(written).toEqual(['a\nb\n']);
  pending[0]!.resolve();
});

test('a full batch does not wait', () => {
  const { output, written } = heldOutput();
  const writer = createLineWriter(output, { line, flushAfter: 60_000, flushAt: 2 });
  writer.write('a');
  expect(written).toEqual([]);
  writer.write('b');
  expect(written).toEqual(['a\nb\n']);
});

test('a flush resolves when everything is out, what came meanwhile included', async () => {
  const { output, written, pending, next } = heldOutput();
  const writer = createLineWriter(output, { line, flushAfter: 60_000 });
  writer.write('a');
  const flushed = writer.flush();
  writer.write('b');
  const second = next();
  pending[0]!.resolve();
  await second;
  pending[1]!.resolve();
  await flushed;
  expect(written).toEqual(['a\n', 'b\n']);
});

test('a reader that does not read costs lines, not memory, and is reported once', () => {
  const { output, written } = heldOutput();
  const losses: string[] = [];
  const writer = createLineWriter(output, {
    line,
    flushAt: 1,
    keepAtMost: 3,
    onLoss: (why) => losses.push(why),
  });
  for (const line of ['1', '2', '3', '4', '5', '6']) writer.write(line);
  expect(written).toEqual(['1\n']);
  expect(writer.dropped).toBe(2);
  expect(losses).toEqual(['slow reader']);
});

test('a reader that has left is reported once, and nothing is written to it again', async () => {
  const { output, written, pending } = heldOutput();
  const losses: string[] = [];
  const writer = createLineWriter(output, { line, flushAt: 1, onLoss: (why) => losses.push(why) });
  writer.write('a');
  pending[0]!.reject(new Error('EPIPE'));
  await writer.flush();
  writer.write('b');
  await writer.flush();
  expect(written).toEqual(['a\n']);
  expect(losses).toEqual(['reader gone']);
});
