import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { MAX_DEPTH, parseStrictJson } from './strictJson.ts';

const parse = (text: string) => parseStrictJson(new TextEncoder().encode(text));

describe('JSON that has one reading', () => {
  test('is read as JSON.parse reads it', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(undefined, 1, '\t', '\r\n'), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        expect(parse(text)).toEqual({ value: JSON.parse(text) });
      }),
    );
  });

  test('keeps a member called __proto__ as a member', () => {
    const { value } = parse('{"__proto__": {"a": 1}}') as { value: object };
    expect(Object.keys(value)).toEqual(['__proto__']);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  });

  test.each([
    '{"a":{"a":1},"b":[{"a":1},{"a":2}]}',
    '["a","a"]',
    '{"a":"a","b":"\\"a\\":1"}',
    '{"a":1,"A":2}',
  ])('may repeat a name elsewhere: %s', (text) => {
    expect(parse(text)).toEqual({ value: JSON.parse(text) });
  });

  test.each([
    '{"a":1,"a":1}',
    '{"a":1,"b":2,"a":3}',
    '{"x":{"a":1,"a":2}}',
    '[[{"x":[{"a":1,"b":[],"a":2}]}]]',
    '{"a":1,"\\u0061":2}',
    '{"\\u0061":1,"a":2}',
    '{"a\\/b":1,"a/b":2}',
    '{"\\ud83d\\udca9":1,"💩":2}',
    '{"":1,"":2}',
    '{"__proto__":1,"__proto__":2}',
    '{"a\\"":1,"a\\u0022":2}',
    '{"a":"}","a":1}',
    '{ "a" : [ { } , "," ] , "a" : 1 }',
  ])('has no name twice in one object: %s', (text) => {
    expect(parse(text)).toEqual({ problem: 'has an object with one name twice' });
  });

  test('names its repeated names wherever they are', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.string(), fc.jsonValue(), (around, name, value) => {
        const member = `${JSON.stringify(name)}:${JSON.stringify(value)}`;
        expect(parse(`[${JSON.stringify(around)},{${member},${member}}]`)).toHaveProperty('problem');
      }),
    );
  });

  test.each([
    ['a byte-order mark', [0xef, 0xbb, 0xbf, 0x31]],
    ['a byte that is no UTF-8', [0x22, 0xff, 0x22]],
    ['a slash of two bytes', [0x22, 0xc0, 0xaf, 0x22]],
    ['half a pair as UTF-8', [0x22, 0xed, 0xa0, 0x80, 0x22]],
    ['a cut-off character', [0x22, 0xe2, 0x82, 0x22]],
    ['UTF-16', [0x31, 0x00]],
    ['nothing', []],
  ])('is not %s', (_, bytes) => {
    expect(parseStrictJson(Uint8Array.from(bytes))).toHaveProperty('problem');
  });

  test.each([
    '{a:1}',
    "{'a':1}",
    '[1,]',
    '{"a":1,}',
    '// no\n1',
    'NaN',
    '01',
    '+1',
    '"\t"',
    '1 2',
    '{"a":1}}',
  ])('is not %j', (text) => {
    expect(parse(text)).toEqual({ problem: 'is not JSON' });
  });

  test.each(['1e999', '[-1E+999]', '{"a":1e309}', `1${'0'.repeat(400)}`])('has no number like %s', (text) => {
    expect(parse(text)).toEqual({ problem: 'has a number that is too large' });
  });

  test('may have long numbers and the letter e', () => {
    for (const text of [
      '[1e308, true, false, null]',
      '0.00000000000000000000000000000000000001',
      '"1e999"',
      '-0',
    ]) {
      expect(parse(text)).toEqual({ value: JSON.parse(text) });
    }
  });

  test('has a bounded depth', () => {
    expect(parse('['.repeat(MAX_DEPTH) + ']'.repeat(MAX_DEPTH))).toHaveProperty('value');
    expect(parse('['.repeat(MAX_DEPTH + 1) + ']'.repeat(MAX_DEPTH + 1))).toHaveProperty('problem');
    expect(parse('['.repeat(1_000_000) + ']'.repeat(1_000_000))).toHaveProperty('problem');
    expect(parse('{"a":'.repeat(1_000_000))).toHaveProperty('problem');
  });
});
