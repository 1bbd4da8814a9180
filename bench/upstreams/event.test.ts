import { expect, test } from 'bun:test';
import { createEventReader, formatEvent, WrongEvent } from './event.ts';

function read(...pieces: string[]): number[] {
  const seen: number[] = [];
  const reader = createEventReader((sent) => seen.push(sent));
  for (const piece of pieces) reader(Buffer.from(piece));
  return seen;
}

test('events are read wherever the stream was cut', () => {
  const text = formatEvent(1, 1000.5) + formatEvent(2, 2000.25);
  for (let at = 0; at <= text.length; at++) {
    expect(read(text.slice(0, at), text.slice(at))).toEqual([1000.5, 2000.25]);
  }
});

test('a comment is no event', () => {
  expect(read(':\n\n', formatEvent(1, 5))).toEqual([5]);
});

test('a missing, a repeated and a changed event are told', () => {
  expect(() => read(formatEvent(1, 5), formatEvent(3, 6))).toThrow(WrongEvent);
  expect(() => read(formatEvent(1, 5), formatEvent(1, 6))).toThrow(WrongEvent);
  expect(() => read(formatEvent(1, 5).replace('token', 'tokem'))).toThrow(WrongEvent);
});
