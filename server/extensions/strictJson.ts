/** JSON that has one reading, or a sentence that says why it has not. */
export type StrictJson = { readonly value: unknown } | { readonly problem: string };

/**
 * Reads JSON (RFC 8259) as every reader would: strict UTF-8 without a byte-order mark, no name twice in one object
 * (compared after unescaping), no number beyond the doubles, at most {@link MAX_DEPTH} levels.
 *
 * **Security**: of two members of one name some readers take the first and some the last, so that a gateway and
 * an upstream could read one body as two.
 */
export function parseStrictJson(bytes: Uint8Array): StrictJson {
  let text: string;
  try {
    text = UTF8.decode(bytes);
  } catch {
    return { problem: 'is not UTF-8' };
  }
  if (text.startsWith('\ufeff')) return { problem: 'begins with a byte-order mark' };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { problem: 'is not JSON' };
  }
  const problem = findAmbiguity(text);
  return problem === null ? { value } : { problem };
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** How deeply objects and lists may lie in each other. */
export const MAX_DEPTH = 256;

/** Looks through a text that is JSON already for what readers differ about. */
function findAmbiguity(text: string): string | null {
  // For each level that is open: the names so far of an object, null for a list.
  const levels: (Set<string> | null)[] = [];
  let nameFollows = false;
  for (let i = 0; i < text.length; i++) {
    switch (text.charCodeAt(i)) {
      case OPEN_BRACE:
      case OPEN_BRACKET: {
        if (levels.length === MAX_DEPTH) return `has more than ${MAX_DEPTH} levels`;
        const isObject = text.charCodeAt(i) === OPEN_BRACE;
        levels.push(isObject ? new Set() : null);
        nameFollows = isObject;
        break;
      }
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        levels.pop();
        nameFollows = false;
        break;
      case COMMA:
        nameFollows = levels.at(-1) !== null;
        break;
      case QUOTE: {
        const end = endOfText(text, i);
        const names = levels.at(-1);
        if (nameFollows && names != null) {
          const raw = text.slice(i + 1, end);
          const name: string = raw.includes('\\') ? JSON.parse(`"${raw}"`) : raw;
          if (names.has(name)) return 'has an object with one name twice';
          names.add(name);
          nameFollows = false;
        }
        i = end;
        break;
      }
      default: {
        const end = endOfNumber(text, i);
        // JSON.parse makes 1e999 an infinity, which no limit of a schema was made for.
        if (end > i && !Number.isFinite(Number(text.slice(i, end)))) return 'has a number that is too large';
        if (end > i) i = end - 1;
      }
    }
  }
  return null;
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

function endOfText(text: string, start: number): number {
  for (let i = start + 1; ; i++) {
    const code = text.charCodeAt(i);
    if (code === BACKSLASH) i++;
    else if (code === QUOTE) return i;
  }
}

/** Past the number that begins here, or here when none does. */
function endOfNumber(text: string, start: number): number {
  const first = text.charCodeAt(start);
  if (first !== MINUS && !(first >= ZERO && first <= NINE)) return start;
  let end = start + 1;
  while (end < text.length && NUMBER_CHARACTERS.includes(text[end]!)) end++;
  return end;
}

const MINUS = 0x2d;
const ZERO = 0x30;
const NINE = 0x39;
const NUMBER_CHARACTERS = '0123456789+-.eE';
