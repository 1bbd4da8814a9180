import { RE2JS } from 're2js';

export interface LinearPattern {
  /** Whether the pattern is found anywhere in the text. */
  test(text: string): boolean;
  /** What a test costs for each character of the text, in a validation's units. */
  readonly cost: number;
}

/**
 * Compiles a regular expression of ECMA-262 (with its `u` flag) for an engine that runs in linear time.
 * What such an engine cannot do (lookaround, back-references) and what it would read otherwise is refused.
 *
 * **Security**: a backtracking engine takes exponential time for `^(a+)+$`, so the client's own text would stop
 * the gateway for as long as it likes.
 *
 * @returns the pattern, or a sentence that says what is wrong with it
 */
export function compileLinearPattern(source: string): LinearPattern | string {
  try {
    // Only compiled, for its syntax; it never runs.
    new RegExp(source, 'u');
  } catch {
    return 'is no regular expression of ECMA-262';
  }
  const translated = translate(source);
  if (translated === null) return 'uses what cannot be run in linear time';
  try {
    const compiled = RE2JS.compile(RE2JS.translateRegExp(translated));
    const size = compiled.programSize();
    if (size > MAX_PROGRAM) return 'is too large';
    return { test: (text) => compiled.test(text), cost: 1 + Math.ceil(size / 16) };
  } catch {
    return 'uses what cannot be run in linear time';
  }
}

const MAX_PROGRAM = 2000;

/** Writes what the two engines read differently (`.`, `\s`, inline flags) in a way that they read alike. */
function translate(source: string): string | null {
  let text = '';
  let inClass = false;
  for (let i = 0; i < source.length; i++) {
    const character = source[i]!;
    if (character === '\\') {
      const escaped = source[++i]!;
      if (escaped === 's') text += inClass ? SPACES : `[${SPACES}]`;
      else if (escaped === 'S' && !inClass) text += `[^${SPACES}]`;
      else if (escaped === 'S' || escaped === 'k' || SURROGATE.test(source.slice(i, i + 3))) return null;
      else text += `\\${escaped}`;
    } else if (character === '.' && !inClass) {
      text += '[^\\n\\r\\x{2028}\\x{2029}]';
    } else if (character === '(' && !inClass && /^\(\?(?![:<])/.test(source.slice(i, i + 3))) {
      return null;
    } else {
      if (character === '[') inClass = true;
      if (character === ']') inClass = false;
      text += character;
    }
  }
  return text;
}

/** Half a character, as an escape. */
const SURROGATE = /^u[dD][89a-fA-F]/;

/** ECMA-262's white space and line terminators. */
const SPACES =
  '\\t\\n\\x0b\\f\\r \\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}\\x{feff}';
