import { describe, expect, test } from 'bun:test';
import { EventStreamTail } from './eventStream.ts';

/** What a tail says of a text that came in pieces of `size` bytes. */
function tailOf(text: string, size: number): EventStreamTail {
  const tail = new EventStreamTail();
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) tail.push(bytes, at, Math.min(at + size, bytes.length));
  return tail;
}

const LONG = `data: {"text":"${'x'.repeat(300)}"}\n\n`;

describe.each([1, 3, 64, 127, 128, 129, 1000])(
  'the tail of an event stream in pieces of %d bytes',
  (size) => {
    test.each([
      ['data: [DONE]\n\n', true],
      [`${LONG}data: [DONE]\r\n\r\n`, true],
      ['data: [DONE]\r\r', true],
      ['data: [DONE]\r\n\n', true],
      [`${LONG}event: message_stop\rdata: {"type":"message_stop"}\r\r`, true],
      [`${LONG}event: message_stop\ndata: {"type":"message_stop"}\n\n`, true],
      [`${LONG}data: [DONE`, false],
      [`data: [DONE]\n\n${LONG}`, false],
      ['', false],
    ])('knows the end marker of %j', (text, isEnd) => {
      expect(tailOf(text, size).sawEndMarker).toBe(isEnd);
    });

    test.each([
      ['', true],
      [LONG, true],
      ['data: a\r\n\r\n', true],
      ['data: a\r\r', true],
      ['data: a\n\r\n', true],
      ['data: a\r\n\n', true],
      ['data: a\r\r\n', true],
      ['data: a\n', false],
      ['data: a\r\n', false],
      ['data: a\r', false],
      [`${LONG}data: b`, false],
    ])('knows whether %j is whole', (text, isWhole) => {
      expect(tailOf(text, size).betweenEvents).toBe(isWhole);
    });
  },
);
