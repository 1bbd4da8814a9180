import { describe, expect, test } from 'bun:test';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compileJsonSchema } from './compileJsonSchema.ts';
import { SchemaError } from './validation.ts';

const accepts = (schema: unknown, value: unknown) => compileJsonSchema(schema).validate(value) === null;

describe('a keyword holds for values of its own kind, and passes on both sides of its limit', () => {
  test.each([
    [{ type: 'integer' }, [1, 1.0, -0], [1.5, '1', null]],
    [{ type: ['string', 'null'] }, ['', null], [0, false, [], {}]],
    [{ const: { a: [1, 2], b: null } }, [{ b: null, a: [1, 2] }], [{ a: [2, 1], b: null }, { a: [1, 2] }]],
    [{ enum: [1, 'a', [true]] }, [1, 'a', [true]], ['1', true, [[true]]]],
    [{ maximum: 3 }, [3, -1e308, 'four'], [3.0001]],
    [{ exclusiveMaximum: 3 }, [2.999], [3]],
    [{ minimum: 3 }, [3], [2.999]],
    [{ exclusiveMinimum: 3 }, [3.001], [3]],
    [{ multipleOf: 0.01 }, [4.35, 1e300, 0, 'a'], [4.355]],
    [{ maxLength: 2 }, ['💩💩', 'ab', [1, 2, 3]], ['abc', '💩💩💩']],
    [{ minLength: 2 }, ['💩a'], ['💩']],
    [{ pattern: 'b+$' }, ['aab', 7], ['ba']],
    [{ maxItems: 1 }, [[1], { a: 1, b: 2 }], [[1, 2]]],
    [{ minItems: 1 }, [[1]], [[]]],
    [
      { uniqueItems: true },
      [[1, '1', [1]]],
      [
        [
          { a: 1, b: 2 },
          { b: 2, a: 1 },
        ],
      ],
    ],
    [{ maxProperties: 1 }, [{ a: 1 }], [{ a: 1, b: 1 }]],
    [{ minProperties: 1 }, [{ a: 1 }], [{}]],
    [{ required: ['a'] }, [{ a: null }, 'a'], [{ b: 1 }]],
    [{ dependentRequired: { a: ['b'] } }, [{}, { a: 1, b: 1 }], [{ a: 1 }]],
    [{ dependentSchemas: { a: { required: ['b'] } } }, [{}, { a: 1, b: 1 }], [{ a: 1 }]],
    [{ properties: { a: { type: 'string' } } }, [{ a: '' }, { b: 1 }, []], [{ a: 1 }]],
    [{ patternProperties: { '^a': { type: 'string' } } }, [{ ab: '', b: 1 }], [{ ab: 1 }]],
    [{ properties: { a: true }, additionalProperties: false }, [{ a: 1 }], [{ a: 1, b: 1 }]],
    [{ propertyNames: { maxLength: 1 } }, [{ a: 1 }], [{ ab: 1 }]],
    [{ prefixItems: [{ type: 'string' }], items: false }, [['a'], []], [[1], ['a', 1]]],
    [{ contains: { const: 1 } }, [[0, 1]], [[0], []]],
    [{ contains: { const: 1 }, minContains: 2, maxContains: 3 }, [[1, 1]], [[1], [1, 1, 1, 1]]],
    [{ allOf: [{ minimum: 1 }, { maximum: 2 }] }, [1, 2], [0, 3]],
    [{ anyOf: [{ minimum: 5 }, { maximum: 2 }] }, [5, 2], [3]],
    [{ oneOf: [{ minimum: 1 }, { maximum: 2 }] }, [0, 3], [1.5]],
    [{ not: { type: 'string' } }, [1], ['a']],
    // biome-ignore lint/suspicious/noThenProperty: it is a keyword
    [{ if: { minimum: 10 }, then: { multipleOf: 10 }, else: { multipleOf: 2 } }, [20, 4], [15, 3]],
    [{ allOf: [{ properties: { a: true } }], unevaluatedProperties: false }, [{ a: 1 }], [{ b: 1 }]],
    [{ prefixItems: [true], unevaluatedItems: false }, [[1]], [[1, 2]]],
    [{ $defs: { a: { $anchor: 'one', type: 'string' } }, $ref: '#one' }, ['a'], [1]],
    [
      { properties: { next: { $ref: '#' } }, required: ['v'] },
      [{ v: 1, next: { v: 2 } }],
      [{ v: 1, next: {} }],
    ],
    [{ $defs: { 'a/b~c%d': false }, not: { $ref: '#/$defs/a~1b~0c%25d' } }, [1], []],
  ])('%j', (schema, good, bad) => {
    for (const value of good) expect([value, accepts(schema, value)]).toEqual([value, true]);
    for (const value of bad) expect([value, accepts(schema, value)]).toEqual([value, false]);
  });
});

test('a failure says where it is and by which keyword', () => {
  const schema = compileJsonSchema({
    properties: { 'a/b': { items: { anyOf: [{ type: 'string' }, { maximum: 2 }] } } },
  });
  expect(schema.validate({ 'a/b': ['x', 2, 3] })).toEqual({ pointer: '/a~1b/2', keyword: 'anyOf' });
});

describe('names of Object.prototype are names like others', () => {
  test.each(['constructor', 'toString', '__proto__', 'hasOwnProperty'])('%s', (name) => {
    const value = JSON.parse(`{"${name}": 1}`);
    expect(accepts({ properties: { model: true }, additionalProperties: false }, value)).toBe(false);
    expect(accepts({ required: [name] }, {})).toBe(false);
    expect(accepts({ required: [name] }, value)).toBe(true);
    expect(accepts(JSON.parse(`{"properties": {"${name}": {"type": "string"}}}`), value)).toBe(false);
    expect(accepts({ dependentRequired: { [name]: ['other'] } }, {})).toBe(true);
  });
});

describe('refuses a schema', () => {
  test.each([
    ['that is no schema', 7],
    ['that is a list', []],
    ['with a type that is none', { type: 'text' }],
    ['with a limit that is no number', { maximum: '3' }],
    ['with half an item', { maxItems: 1.5 }],
    ['with the items of an older draft', { items: [true] }],
    ['with the exclusive maximum of an older draft', { exclusiveMaximum: true }],
    ['of another draft', { $schema: 'http://json-schema.org/draft-07/schema#' }],
    ['with a keyword of an older draft', { properties: { a: { dependencies: {} } } }],
    ['with a format, which would not be checked', { properties: { a: { format: 'email' } } }],
    ['with an identifier inside', { $defs: { a: { $id: 'https://example.com/a' } } }],
    ['with a reference to elsewhere', { $ref: 'https://example.com/schema' }],
    ['with a relative reference', { $ref: 'other.json' }],
    ['with a reference to what is not there', { $ref: '#/$defs/a' }],
    ['with a reference to a name of Object.prototype', { $ref: '#/constructor' }],
    ['with a mistake in a definition that nothing uses', { $defs: { a: { type: 7 } } }],
    ['with an unknown anchor', { $dynamicRef: '#a' }],
    ['with an empty list of schemas', { anyOf: [] }],
    ['with a pattern that is none', { pattern: '(' }],
    ['with a look-ahead', { pattern: '(?=a)' }],
    ['with a back-reference', { pattern: '(a)\\1' }],
    ['with such a pattern for names', { patternProperties: { '(?!a)': true } }],
    ['with a pattern that unfolds to a great size', { pattern: '((a{30}){30}){30}' }],
  ])('%s', (_, schema) => {
    expect(() => compileJsonSchema(schema)).toThrow(SchemaError);
  });
});

describe('the work is bounded', () => {
  test('for a schema that refers to itself and goes nowhere', () => {
    expect(compileJsonSchema({ $ref: '#' }).validate(1)).toEqual({ pointer: '', keyword: 'cost' });
  });

  test('for branches that double at every level of the value', () => {
    const branch = { properties: { a: { $ref: '#' } } };
    const schema = compileJsonSchema({ required: ['a'], oneOf: [branch, { allOf: [branch, branch] }] });
    let value: unknown = { a: 1 };
    for (let depth = 0; depth < 60; depth++) value = { a: value };
    expect(schema.validate(value)).toEqual({ pointer: '', keyword: 'cost' });
  });

  test('for values that are compared with each other', () => {
    const value = Array.from({ length: 300_000 }, (_, i) => `item ${i}`);
    expect(compileJsonSchema({ uniqueItems: true }).validate(value)).toEqual({
      pointer: '',
      keyword: 'cost',
    });
    expect(compileJsonSchema({ uniqueItems: true }).validate(value.slice(0, 10_000))).toBeNull();
  });
});

// The official suite (github.com/json-schema-org/JSON-Schema-Test-Suite), where someone has it:
// SIGNWAY_JSON_SCHEMA_SUITE=…/tests/draft2020-12 bun test server/jsonSchema
const suite = process.env.SIGNWAY_JSON_SCHEMA_SUITE;
test.skipIf(suite === undefined)('agrees with the official suite in everything that is not refused', () => {
  const disagreements: string[] = [];
  let agreed = 0;
  for (const file of readdirSync(suite!).filter((name) => name.endsWith('.json'))) {
    for (const group of JSON.parse(readFileSync(join(suite!, file), 'utf8'))) {
      let schema: ReturnType<typeof compileJsonSchema>;
      try {
        schema = compileJsonSchema(group.schema);
      } catch (error) {
        expect(error).toBeInstanceOf(SchemaError);
        continue;
      }
      for (const { data, valid, description } of group.tests) {
        if ((schema.validate(data) === null) === valid) agreed++;
        else disagreements.push(`${file}: ${group.description}: ${description}`);
      }
    }
  }
  expect(disagreements).toEqual([]);
  expect(agreed).toBeGreaterThan(1000);
});
