import { expect, test } from 'bun:test';
import { createMessageReader } from './messageReader.ts';

interface Message {
  startLine: string;
  body: string;
  ended: boolean;
}

function read(pieces: string[]): Message[] {
  const messages: Message[] = [];
  const reader = createMessageReader({
    head: (startLine) => void messages.push({ startLine, body: '', ended: false }),
    body(bytes) {
      messages.at(-1)!.body += Buffer.from(bytes).toString();
    },
    end() {
      messages.at(-1)!.ended = true;
    },
  });
  for (const piece of pieces) reader(Buffer.from(piece));
  return messages;
}

const CHUNKED =
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n1\r\n \r\n0\r\nA: b\r\n\r\n';
const WITH_LENGTH = 'HTTP/1.1 403 Forbidden\r\ncontent-length: 3\r\n\r\nabc';
const EMPTY = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

test('messages that follow each other are read wherever the bytes were cut', () => {
  const wire = CHUNKED + WITH_LENGTH + EMPTY;
  const expected = [
    { startLine: 'HTTP/1.1 200 OK', body: 'hello ', ended: true },
    { startLine: 'HTTP/1.1 403 Forbidden', body: 'abc', ended: true },
    { startLine: 'GET / HTTP/1.1', body: '', ended: true },
  ];
  for (let at = 0; at <= wire.length; at++)
    expect(read([wire.slice(0, at), wire.slice(at)])).toEqual(expected);
  expect(read([...wire])).toEqual(expected);
});

test('a body that is not whole has not ended', () => {
  expect(read([CHUNKED.slice(0, -2)])[0]!.ended).toBe(false);
  expect(read([WITH_LENGTH.slice(0, -1)])[0]!.ended).toBe(false);
});

test('what is no chunk size is told', () => {
  expect(() => read([CHUNKED.replace('5;a=b', 'hm')])).toThrow('no chunk size');
});
