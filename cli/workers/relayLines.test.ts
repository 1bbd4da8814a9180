import { expect, test } from 'bun:test';
import { PassThrough, Readable } from 'node:stream';
import { relayLines } from './relayLines.ts';

function collected() {
  const writes: string[] = [];
  return { writes, output: { write: async (text: string) => void writes.push(text) } };
}

test('hands on whole lines, whatever the pieces are that they come in', async () => {
  const { writes, output } = collected();
  const pieces = ['{"a":', '1}\n{"b":2}\n{"c', '":3}\n', '{"ä'].map((text) => Buffer.from(text));
  const cut = Buffer.from('":4}\n');
  await relayLines(Readable.from([...pieces, cut]), output);
  expect(writes).toEqual(['{"a":1}\n{"b":2}\n', '{"c":3}\n', '{"ä":4}\n']);
});

test('a character that is cut in two is one character', async () => {
  const { writes, output } = collected();
  const bytes = Buffer.from('ä\n');
  await relayLines(Readable.from([bytes.subarray(0, 1), bytes.subarray(1)]), output);
  expect(writes).toEqual(['ä\n']);
});

test('drops what a writer that was killed has left of a line', async () => {
  const { writes, output } = collected();
  await relayLines(Readable.from([Buffer.from('whole\nha')]), output);
  expect(writes).toEqual(['whole\n']);
});

test('closes the pipe once the reader is gone', async () => {
  const from = new PassThrough();
  const relayed = relayLines(from, { write: () => Promise.reject(new Error('EPIPE')) });
  from.write('line\n');
  await relayed;
  expect(from.destroyed).toBe(true);
});
