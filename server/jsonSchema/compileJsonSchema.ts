import { APPLICATORS, UNEVALUATED } from './applicators.ts';
import { ASSERTIONS } from './assertions.ts';
import { isObject, type JsonObject } from './jsonValue.ts';
import {
  addEvaluated,
  type Check,
  nothingEvaluated,
  SchemaError,
  type SchemaFailure,
  TooCostly,
  Validation,
} from './validation.ts';

/** A schema that is ready to judge values as `JSON.parse` gives them. */
export interface JsonSchema {
  /** Null when the value satisfies the schema; else what fails first. */
  validate(value: unknown): SchemaFailure | null;
}

/**
 * Compiles a JSON Schema of draft 2020-12 into functions; no code is generated.
 *
 * References are local (`#`, `#/pointer`, `#anchor`). Refused, since another validator would give them a meaning
 * that they do not have here: `format`, a `$id` below the root, another `$schema`, keywords of older drafts.
 *
 * **Security**: values are the client's. Only own members count, so `constructor` and `__proto__` are names like
 * others. Patterns run in linear time, and a run that costs too much fails, whatever the schema.
 *
 * @throws {SchemaError} when the schema cannot be used
 */
export function compileJsonSchema(schema: unknown): JsonSchema {
  const check = compileRoot(schema);
  return {
    validate(value) {
      const run = new Validation(BUDGET);
      try {
        return check(value, run, null) ? null : (run.failure ?? { pointer: '', keyword: 'schema' });
      } catch (error) {
        // A RangeError is the stack's end: a schema that refers to itself.
        if (error instanceof TooCostly || error instanceof RangeError)
          return { pointer: '', keyword: 'cost' };
        throw error;
      }
    },
  };
}

// A schema's application costs 1, as do a compared and a sixteenth of a matched character: about 100 ms.
const BUDGET = 2_000_000;

const DIALECT = 'https://json-schema.org/draft/2020-12/schema';

const REFUSED: ReadonlyMap<string, string> = new Map([
  ['format', 'uses format, which is not checked: a pattern is'],
  ['$recursiveRef', 'uses a keyword of an older draft'],
  ['$recursiveAnchor', 'uses a keyword of an older draft'],
  ['additionalItems', 'uses a keyword of an older draft'],
  ['dependencies', 'uses a keyword of an older draft'],
]);

function compileRoot(root: unknown): Check {
  const compiled = new Map<unknown, Check>();
  const anchors = new Map<string, JsonObject>();
  const references: { reference: string; pointer: string; resolve(check: Check): void }[] = [];

  const check = compile(root, '');
  // Resolving one can compile a part that holds others.
  for (const { reference, pointer, resolve } of references) resolve(compile(...find(reference, pointer)));
  return check;

  function compile(schema: unknown, pointer: string): Check {
    if (schema === true) return always;
    if (schema === false) return never;
    if (!isObject(schema)) throw new SchemaError(pointer, 'must be an object, true or false');
    const known = compiled.get(schema);
    if (known !== undefined) return known;
    let own: Check = always;
    const entry: Check = (value, run, evaluated) => own(value, run, evaluated);
    compiled.set(schema, entry);
    own = compileObject(schema, pointer);
    return entry;
  }

  function compileObject(schema: JsonObject, pointer: string): Check {
    checkIdentity(schema, pointer);
    const inPlace: Check[] = [];
    const last: Check[] = [];
    for (const [keyword, compiler] of ASSERTIONS) {
      if (Object.hasOwn(schema, keyword)) inPlace.push(compiler(schema[keyword], `${pointer}/${keyword}`));
    }
    for (const keyword of ['$ref', '$dynamicRef']) {
      if (Object.hasOwn(schema, keyword)) inPlace.push(reference(schema[keyword], `${pointer}/${keyword}`));
    }
    for (const [list, compilers] of [
      [inPlace, APPLICATORS],
      [last, UNEVALUATED],
    ] as const) {
      for (const [keyword, compiler] of compilers) {
        if (!Object.hasOwn(schema, keyword)) continue;
        const value = schema[keyword];
        const made = compiler({ value, beside: schema, pointer: `${pointer}/${keyword}`, compile });
        if (made !== null) list.push(made);
      }
    }
    if (Object.hasOwn(schema, '$defs')) compileDefinitions(schema.$defs, `${pointer}/$defs`);
    return last.length === 0 ? plain(inPlace) : collecting(inPlace, last);
  }

  function checkIdentity(schema: JsonObject, pointer: string): void {
    for (const [keyword, problem] of REFUSED) {
      if (Object.hasOwn(schema, keyword)) throw new SchemaError(pointer, problem);
    }
    const { $id, $schema, $anchor, $dynamicAnchor } = schema;
    if ($id !== undefined && pointer !== '') throw new SchemaError(pointer, 'has a $id below the root');
    if ($schema !== undefined && (typeof $schema !== 'string' || $schema.replace(/#$/, '') !== DIALECT)) {
      throw new SchemaError(pointer, 'is not of draft 2020-12');
    }
    for (const anchor of [$anchor, $dynamicAnchor]) {
      if (anchor === undefined) continue;
      if (typeof anchor !== 'string' || !/^[A-Za-z_][-A-Za-z0-9._]*$/.test(anchor)) {
        throw new SchemaError(pointer, 'has an anchor that is no name');
      }
      if (anchors.has(anchor)) throw new SchemaError(pointer, `has the anchor '${anchor}' of another`);
      anchors.set(anchor, schema);
    }
  }

  function compileDefinitions(definitions: unknown, pointer: string): void {
    if (!isObject(definitions)) throw new SchemaError(pointer, 'must be an object of schemas');
    for (const [name, schema] of Object.entries(definitions)) compile(schema, `${pointer}/${name}`);
  }

  function reference(value: unknown, pointer: string): Check {
    if (typeof value !== 'string' || !value.startsWith('#')) {
      throw new SchemaError(pointer, 'must be a local reference, which begins with #');
    }
    let target: Check = never;
    references.push({
      reference: value,
      pointer,
      resolve(check) {
        target = check;
      },
    });
    return (value, run, evaluated) => {
      run.spend(1);
      return target(value, run, evaluated);
    };
  }

  function find(reference: string, pointer: string): [schema: unknown, pointer: string] {
    const fragment = decodeFragment(reference.slice(1));
    if (fragment === '') return [root, ''];
    const found = fragment.startsWith('/') ? at(root, fragment) : anchors.get(fragment);
    if (found === undefined) throw new SchemaError(pointer, `refers to '${reference}', which is not there`);
    return [found, fragment.startsWith('/') ? fragment : `#${fragment}`];
  }
}

/** RFC 6901, sections 4 and 6. */
function at(root: unknown, pointer: string): unknown {
  let value = root;
  for (const part of pointer.slice(1).split('/')) {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as JsonObject)[name];
  }
  return value;
}

function decodeFragment(fragment: string): string {
  try {
    return decodeURIComponent(fragment);
  } catch {
    return fragment;
  }
}

const always: Check = () => true;

const never: Check = (_value, run) => run.fail('false');

function plain(checks: readonly Check[]): Check {
  return (value, run, evaluated) => {
    run.spend(1);
    return checks.every((check) => check(value, run, evaluated));
  };
}

function collecting(checks: readonly Check[], last: readonly Check[]): Check {
  return (value, run, evaluated) => {
    run.spend(1);
    const own = nothingEvaluated();
    if (![...checks, ...last].every((check) => check(value, run, own))) return false;
    addEvaluated(evaluated, own);
    return true;
  };
}
