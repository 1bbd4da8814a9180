import { MAX_BODY_SCHEMA_BYTES } from '../../signing/extensionValues.ts';
import { Refusal } from '../../signing/refusal.ts';
import { compileJsonSchema, type JsonSchema } from '../jsonSchema/compileJsonSchema.ts';
import { SchemaError } from '../jsonSchema/validation.ts';
import { parseStrictJson } from './strictJson.ts';

/** Finds the schema that a value of `X-Sw-BodySchema` means. */
export interface BodySchemas {
  /**
   * @param named the schemas of the app's configuration
   * @throws {Refusal} `invalid_parameter`
   */
  find(value: string, named: ReadonlyMap<string, JsonSchema>): JsonSchema;
}

/** Compiled schemas of URLs are kept, since one backend signs few: the {@link KEPT} that were used last. */
export function createBodySchemas(): BodySchemas {
  const kept = new Map<string, JsonSchema>();
  return {
    find(value, named) {
      // A name never begins like an object, and `true` and `false` are no schemas worth signing.
      if (!/^[ \t\r\n]*\{/.test(value)) {
        const schema = named.get(value);
        if (schema === undefined)
          throw invalid('is neither a schema nor the name of one in the configuration');
        return schema;
      }
      const schema = kept.get(value) ?? compile(value);
      kept.delete(value);
      kept.set(value, schema);
      if (kept.size > KEPT) kept.delete(kept.keys().next().value!);
      return schema;
    },
  };
}

const KEPT = 256;

function compile(value: string): JsonSchema {
  const bytes = new TextEncoder().encode(value);
  if (bytes.byteLength > MAX_BODY_SCHEMA_BYTES) throw invalid(`is over ${MAX_BODY_SCHEMA_BYTES} bytes`);
  const json = parseStrictJson(bytes);
  if ('problem' in json) throw invalid(json.problem);
  try {
    return compileJsonSchema(json.value);
  } catch (error) {
    if (error instanceof SchemaError) throw invalid(`cannot be used: ${error.message}`);
    throw error;
  }
}

function invalid(problem: string): Refusal {
  return new Refusal('invalid_parameter', `X-Sw-BodySchema ${problem}`);
}
