import { canonicalJson, codePoints, isMultipleOf, isObject, isTextList, jsonType } from './jsonValue.ts';
import { compileLinearPattern } from './linearPattern.ts';
import { type Check, SchemaError, type Validation } from './validation.ts';

/** Compiles a keyword's value; `pointer` is where it stands. */
export type AssertionCompiler = (value: unknown, pointer: string) => Check;

/** The keywords that judge a value by itself (JSON Schema validation 2020-12, section 6). */
export const ASSERTIONS: ReadonlyMap<string, AssertionCompiler> = new Map(
  Object.entries({
    type(types, pointer) {
      const wanted = typeof types === 'string' ? [types] : types;
      if (!isTextList(wanted) || wanted.length === 0 || wanted.some((type) => !TYPES.has(type))) {
        throw new SchemaError(pointer, 'must be a type, or a list of types');
      }
      const integers = wanted.includes('integer');
      return (value, run) =>
        wanted.includes(jsonType(value)) || (integers && Number.isInteger(value)) || run.fail('type');
    },

    const(wanted) {
      const canonical = canonicalJson(wanted);
      return (value, run) => equals(value, canonical, run) || run.fail('const');
    },

    enum(values, pointer) {
      if (!Array.isArray(values)) throw new SchemaError(pointer, 'must be a list');
      const canonical = new Set(values.map(canonicalJson));
      return (value, run) => canonical.has(costedJson(value, run)) || run.fail('enum');
    },

    maximum: forNumbers('maximum', (value, limit) => value <= limit),
    exclusiveMaximum: forNumbers('exclusiveMaximum', (value, limit) => value < limit),
    minimum: forNumbers('minimum', (value, limit) => value >= limit),
    exclusiveMinimum: forNumbers('exclusiveMinimum', (value, limit) => value > limit),

    multipleOf(divisor, pointer) {
      if (typeof divisor !== 'number' || divisor <= 0) throw new SchemaError(pointer, 'must be over 0');
      return (value, run) =>
        typeof value !== 'number' || isMultipleOf(value, divisor) || run.fail('multipleOf');
    },

    maxLength: forCounts('maxLength', lengthOf, (count, limit) => count <= limit),
    minLength: forCounts('minLength', lengthOf, (count, limit) => count >= limit),
    maxItems: forCounts('maxItems', itemsOf, (count, limit) => count <= limit),
    minItems: forCounts('minItems', itemsOf, (count, limit) => count >= limit),
    maxProperties: forCounts('maxProperties', membersOf, (count, limit) => count <= limit),
    minProperties: forCounts('minProperties', membersOf, (count, limit) => count >= limit),

    pattern(source, pointer) {
      if (typeof source !== 'string') throw new SchemaError(pointer, 'must be a text');
      const pattern = compileLinearPattern(source);
      if (typeof pattern === 'string') throw new SchemaError(pointer, pattern);
      return (value, run) => {
        if (typeof value !== 'string') return true;
        run.spend(value.length * pattern.cost);
        return pattern.test(value) || run.fail('pattern');
      };
    },

    uniqueItems(wanted, pointer) {
      if (typeof wanted !== 'boolean') throw new SchemaError(pointer, 'must be true or false');
      return (value, run) => {
        if (!wanted || !Array.isArray(value)) return true;
        const seen = new Set(value.map((item) => costedJson(item, run)));
        return seen.size === value.length || run.fail('uniqueItems');
      };
    },

    required(names, pointer) {
      if (!isTextList(names)) throw new SchemaError(pointer, 'must be a list of names');
      return (value, run) =>
        !isObject(value) || names.every((name) => Object.hasOwn(value, name)) || run.fail('required');
    },

    dependentRequired(dependencies, pointer) {
      if (!isObject(dependencies) || !Object.values(dependencies).every(isTextList)) {
        throw new SchemaError(pointer, 'must hold lists of names');
      }
      const lists = Object.entries(dependencies as Record<string, string[]>);
      return (value, run) =>
        !isObject(value) ||
        lists.every(
          ([name, needed]) =>
            !Object.hasOwn(value, name) || needed.every((other) => Object.hasOwn(value, other)),
        ) ||
        run.fail('dependentRequired');
    },
  } satisfies Record<string, AssertionCompiler>),
);

const TYPES = new Set(['null', 'boolean', 'object', 'array', 'number', 'string', 'integer']);

function equals(value: unknown, canonical: string, run: Validation): boolean {
  return costedJson(value, run) === canonical;
}

/** Writing a value takes as long as it is large. */
function costedJson(value: unknown, run: Validation): string {
  const text = canonicalJson(value);
  run.spend(text.length);
  return text;
}

function forNumbers(keyword: string, holds: (value: number, limit: number) => boolean): AssertionCompiler {
  return (limit, pointer) => {
    if (typeof limit !== 'number') throw new SchemaError(pointer, 'must be a number');
    return (value, run) => typeof value !== 'number' || holds(value, limit) || run.fail(keyword);
  };
}

function forCounts(
  keyword: string,
  countOf: (value: unknown) => number | undefined,
  holds: (count: number, limit: number) => boolean,
): AssertionCompiler {
  return (limit, pointer) => {
    if (!Number.isInteger(limit) || (limit as number) < 0) {
      throw new SchemaError(pointer, 'must be a whole number from 0');
    }
    return (value, run) => {
      const count = countOf(value);
      return count === undefined || holds(count, limit as number) || run.fail(keyword);
    };
  };
}

function lengthOf(value: unknown): number | undefined {
  return typeof value === 'string' ? codePoints(value) : undefined;
}

function itemsOf(value: unknown): number | undefined {
  return Array.isArray(value) ? value.length : undefined;
}

function membersOf(value: unknown): number | undefined {
  return isObject(value) ? Object.keys(value).length : undefined;
}
