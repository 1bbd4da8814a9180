import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { differsByComponent, encodeComponent, encodeStrict } from './percentEncoding.ts';

test('where the two spellings differ is told by the strict one', () => {
  const text = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.string({ unit: fc.constantFrom('%', '2', '1', '7', 'A', '9', '!', "'", '(', ')', '*', ' ', 'ä') }),
  );
  fc.assert(
    fc.property(text, (each) => {
      expect(differsByComponent(encodeStrict(each))).toBe(encodeStrict(each) !== encodeComponent(each));
    }),
    { numRuns: 2000 },
  );
});
