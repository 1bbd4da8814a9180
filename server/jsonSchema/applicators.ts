import { isObject, type JsonObject } from './jsonValue.ts';
import { compileLinearPattern, type LinearPattern } from './linearPattern.ts';
import { addEvaluated, type Check, nothingEvaluated, SchemaError, type Validation } from './validation.ts';

/** Compiles the schemas in a keyword; the keywords beside it, as some depend on others. */
export type ApplicatorCompiler = (keyword: {
  readonly value: unknown;
  readonly beside: JsonObject;
  /** Where the keyword stands. */
  readonly pointer: string;
  /** Compiles a schema that stands at a pointer. */
  compile(schema: unknown, pointer: string): Check;
}) => Check | null;

/** The keywords that apply schemas, in the order in which they run (JSON Schema 2020-12, sections 10 and 11). */
export const APPLICATORS: ReadonlyMap<string, ApplicatorCompiler> = new Map(
  Object.entries({
    allOf(keyword) {
      const checks = checkList(keyword);
      return (value, run, evaluated) => checks.every((check) => check(value, run, evaluated));
    },

    anyOf(keyword) {
      const checks = checkList(keyword);
      return (value, run, evaluated) => {
        let passed = false;
        for (const check of checks) {
          const seen = evaluated === null ? null : nothingEvaluated();
          if (!run.speculate(check, value, seen)) continue;
          passed = true;
          // Every one that holds counts for what was evaluated; without that question the first will do.
          if (evaluated === null) break;
          addEvaluated(evaluated, seen);
        }
        return passed || run.fail('anyOf');
      };
    },

    oneOf(keyword) {
      const checks = checkList(keyword);
      return (value, run, evaluated) => {
        let passed = 0;
        for (const check of checks) {
          const seen = evaluated === null ? null : nothingEvaluated();
          if (!run.speculate(check, value, seen)) continue;
          if (++passed > 1) break;
          addEvaluated(evaluated, seen);
        }
        return passed === 1 || run.fail('oneOf');
      };
    },

    not({ value: schema, pointer, compile }) {
      const check = compile(schema, pointer);
      return (value, run) => !run.speculate(check, value, null) || run.fail('not');
    },

    if({ value: schema, beside, pointer, compile }) {
      const parent = pointer.slice(0, -'/if'.length);
      const condition = compile(schema, pointer);
      const then = Object.hasOwn(beside, 'then') ? compile(beside.then, `${parent}/then`) : null;
      const otherwise = Object.hasOwn(beside, 'else') ? compile(beside.else, `${parent}/else`) : null;
      return (value, run, evaluated) => {
        const seen = evaluated === null ? null : nothingEvaluated();
        const holds = run.speculate(condition, value, seen);
        if (holds) addEvaluated(evaluated, seen);
        const next = holds ? then : otherwise;
        return next === null || next(value, run, evaluated);
      };
    },

    dependentSchemas(keyword) {
      const checks = checkMap(keyword);
      return (value, run, evaluated) =>
        !isObject(value) ||
        checks.every(([name, check]) => !Object.hasOwn(value, name) || check(value, run, evaluated));
    },

    properties(keyword) {
      const checks = checkMap(keyword);
      return (value, run, evaluated) =>
        !isObject(value) ||
        checks.every(([name, check]) => {
          if (!Object.hasOwn(value, name)) return true;
          evaluated?.properties.add(name);
          return run.descend(name, check, value[name]);
        });
    },

    patternProperties(keyword) {
      const checks = checkMap(keyword).map(
        ([source, check]) => [patternOf(source, keyword.pointer), check] as const,
      );
      return (value, run, evaluated) =>
        !isObject(value) ||
        checks.every(([pattern, check]) =>
          Object.keys(value).every((name) => {
            if (!matches(pattern, name, run)) return true;
            evaluated?.properties.add(name);
            return run.descend(name, check, value[name]);
          }),
        );
    },

    additionalProperties({ value: schema, beside, pointer, compile }) {
      const check = compile(schema, pointer);
      const named = new Set(isObject(beside.properties) ? Object.keys(beside.properties) : []);
      const sources = isObject(beside.patternProperties) ? Object.keys(beside.patternProperties) : [];
      const patterns = sources.map((source) => patternOf(source, pointer));
      return (value, run, evaluated) =>
        !isObject(value) ||
        Object.keys(value).every((name) => {
          if (named.has(name) || patterns.some((pattern) => matches(pattern, name, run))) return true;
          evaluated?.properties.add(name);
          return run.descend(name, check, value[name]) || run.fail('additionalProperties');
        });
    },

    propertyNames({ value: schema, pointer, compile }) {
      const check = compile(schema, pointer);
      return (value, run) =>
        !isObject(value) ||
        Object.keys(value).every((name) => run.descend(name, check, name) || run.fail('propertyNames'));
    },

    prefixItems(keyword) {
      const checks = checkList(keyword);
      return (value, run, evaluated) =>
        !Array.isArray(value) ||
        checks.every((check, index) => {
          if (index >= value.length) return true;
          evaluated?.items.add(index);
          return run.descend(index, check, value[index]);
        });
    },

    items({ value: schema, beside, pointer, compile }) {
      const check = compile(schema, pointer);
      const first = Array.isArray(beside.prefixItems) ? beside.prefixItems.length : 0;
      return (value, run, evaluated) => {
        if (!Array.isArray(value)) return true;
        for (let index = first; index < value.length; index++) {
          evaluated?.items.add(index);
          if (!run.descend(index, check, value[index])) return false;
        }
        return true;
      };
    },

    contains({ value: schema, beside, pointer, compile }) {
      const check = compile(schema, pointer);
      const least = countBeside(beside, 'minContains', pointer) ?? 1;
      const most = countBeside(beside, 'maxContains', pointer) ?? Number.POSITIVE_INFINITY;
      return (value, run, evaluated) => {
        if (!Array.isArray(value)) return true;
        let found = 0;
        for (const [index, item] of value.entries()) {
          if (!run.speculate(check, item, null)) continue;
          found++;
          evaluated?.items.add(index);
        }
        return (found >= least && found <= most) || run.fail('contains');
      };
    },
  } satisfies Record<string, ApplicatorCompiler>),
);

/** They run last, on what no other keyword of the same schema has evaluated. */
export const UNEVALUATED: ReadonlyMap<string, ApplicatorCompiler> = new Map(
  Object.entries({
    unevaluatedProperties({ value: schema, pointer, compile }) {
      const check = compile(schema, pointer);
      return (value, run, evaluated) =>
        !isObject(value) ||
        Object.keys(value).every((name) => {
          if (evaluated!.properties.has(name)) return true;
          evaluated!.properties.add(name);
          return run.descend(name, check, value[name]) || run.fail('unevaluatedProperties');
        });
    },

    unevaluatedItems({ value: schema, pointer, compile }) {
      const check = compile(schema, pointer);
      return (value, run, evaluated) =>
        !Array.isArray(value) ||
        value.every((item, index) => {
          if (evaluated!.items.has(index)) return true;
          evaluated!.items.add(index);
          return run.descend(index, check, item) || run.fail('unevaluatedItems');
        });
    },
  } satisfies Record<string, ApplicatorCompiler>),
);

type Keyword = Parameters<ApplicatorCompiler>[0];

function checkList({ value, pointer, compile }: Keyword): readonly Check[] {
  if (!Array.isArray(value) || value.length === 0)
    throw new SchemaError(pointer, 'must be a list of schemas');
  return value.map((schema, index) => compile(schema, `${pointer}/${index}`));
}

function checkMap({ value, pointer, compile }: Keyword): readonly (readonly [string, Check])[] {
  if (!isObject(value)) throw new SchemaError(pointer, 'must be an object of schemas');
  return Object.entries(value).map(([name, schema]) => [name, compile(schema, `${pointer}/${name}`)]);
}

function patternOf(source: string, pointer: string): LinearPattern {
  const pattern = compileLinearPattern(source);
  if (typeof pattern === 'string') throw new SchemaError(pointer, `holds a pattern that ${pattern}`);
  return pattern;
}

function matches(pattern: LinearPattern, name: string, run: Validation): boolean {
  run.spend(1 + name.length * pattern.cost);
  return pattern.test(name);
}

function countBeside(beside: JsonObject, keyword: string, pointer: string): number | undefined {
  const count = beside[keyword];
  if (count === undefined || (Number.isInteger(count) && (count as number) >= 0)) {
    return count as number | undefined;
  }
  throw new SchemaError(pointer, `needs a whole number from 0 as its ${keyword}`);
}
