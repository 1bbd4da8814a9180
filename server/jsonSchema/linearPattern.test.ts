import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { compileLinearPattern, type LinearPattern } from './linearPattern.ts';

function compiled(source: string): LinearPattern {
  const pattern = compileLinearPattern(source);
  if (typeof pattern === 'string') throw new Error(`${source} ${pattern}`);
  return pattern;
}

/** Characters on which engines differ: line ends, spaces of several kinds, pairs of surrogates. */
const CHARACTERS = [
  'a',
  'b',
  'A',
  '1',
  '_',
  ' ',
  '\t',
  '\v',
  '\n',
  '\r',
  '\u2028',
  '\u00a0',
  '\ufeff',
  'é',
  '💩',
  ']',
  '-',
];

const atom = fc.constantFrom(
  ...[
    'a',
    'b',
    '.',
    '\\s',
    '\\S',
    '\\w',
    '\\W',
    '\\d',
    '\\D',
    '\\b',
    '\\B',
    '^',
    '$',
    '[ab]',
    '[^a]',
    '[\\s1]',
    '[a\\-_]',
  ],
  ...[
    '\\u0061',
    '\\u{1F4A9}',
    '💩',
    '\\t',
    '\\-',
    '\\.',
    '[^]',
    '[]',
    '[.]',
    '\\n',
    '\\/',
    '\\xe9',
    '[^\\w\\s]',
    '\\p{L}',
    ...[
      '\\v',
      '\\f',
      '\\r',
      '\\0',
      '\\cJ',
      '\\ud83d\\udca9',
      '\\ud83d',
      '[\\ud83d\\udca9]',
      '[a-z💩]',
      '\\[',
      '[\\]]',
      '[^-]',
    ],
  ],
);

const expression = fc.letrec<{ whole: string; part: string }>((tie) => ({
  whole: fc.array(tie('part'), { minLength: 1, maxLength: 4 }).map((parts) => parts.join('')),
  part: fc.oneof(
    { maxDepth: 3 },
    atom,
    fc
      .tuple(tie('whole'), fc.constantFrom('', '*', '+', '?', '{2}', '{1,3}', '*?'))
      .map(([of, times]) => `(?:${of})${times}`),
    fc.tuple(tie('whole'), tie('whole')).map(([left, right]) => `(${left}|${right})`),
  ),
})).whole;

describe('a pattern in linear time', () => {
  test('finds what the engine of ECMA-262 finds', () => {
    fc.assert(
      fc.property(
        expression,
        fc.array(fc.constantFrom(...CHARACTERS), { maxLength: 8 }),
        (source, characters) => {
          const pattern = compileLinearPattern(source);
          fc.pre(typeof pattern !== 'string' && isSyntax(source));
          const text = characters.join('');
          expect([source, text, (pattern as LinearPattern).test(text)]).toEqual([
            source,
            text,
            new RegExp(source, 'u').test(text),
          ]);
        },
      ),
      { numRuns: 5000 },
    );
  }, 60_000);

  test.each(['^(a+)+$', '^(a|a)*$', '^(.*a){12}$', '(x+x+)+y', '^\\s*a\\s*b\\s*$'])(
    'is %s on a text that others never finish',
    (source) => {
      expect(compiled(source).test(`${'a'.repeat(50_000)}\n!`)).toBe(false);
    },
  );

  test.each([
    '(?=a)a',
    '(?<=a)b',
    '(a)\\1',
    '(?<n>a)\\k<n>',
    '(?i:a)',
    '[\\S]',
    'a{1001}',
    '(?:[a-z]{0,500}){1,5}',
    '\\A',
    '[[:alpha:]]',
    '(?P<n>a)',
    '\\Qa\\E',
    'a**',
    '*',
    '\\',
  ])('is never %s', (source) => {
    expect(compileLinearPattern(source)).toBeString();
  });
});

function isSyntax(source: string): boolean {
  try {
    new RegExp(source, 'u');
    return true;
  } catch {
    return false;
  }
}
