import { expect, test } from 'bun:test';
import { canonicalRequest } from './canonicalRequest.ts';

/** The header block of a canonical request with one header. */
function block(value: string): string {
  return canonicalRequest({ method: 'GET', path: '/', query: '', headers: [['x-a', value]] }).split('\n')[3]!;
}

test.each([
  ['', ''],
  [' ', ''],
  ['\t \ta\t b \t', 'a\t b'],
  // Whitespace to Unicode, characters of the value to HTTP.
  ['\u00a0a\u00a0', '\u00a0a\u00a0'],
  ['\u000ba', '\u000ba'],
])('trims spaces and tabs around %j, and nothing else', (value, trimmed) => {
  expect(block(value)).toBe(`x-a:${trimmed}`);
});

test('trims a value with a long run of spaces inside in time that grows with its length alone', () => {
  const value = `a${' '.repeat(300_000)}b`;
  expect(block(value)).toBe(`x-a:${value}`);
}, 10_000);
