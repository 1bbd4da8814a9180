import { toJsonSchema } from '@valibot/to-json-schema';
import { configSchema } from './configSchema.ts';

/** The JSON Schema of a configuration file, as it is published for editors. */
export function jsonSchemaOfConfig(): Record<string, unknown> {
  // What the check says about a fault has no place in a schema.
  const { $schema: _, ...schema } = toJsonSchema(configSchema, {
    target: 'draft-2020-12',
    errorMode: 'ignore',
  });
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'The configuration of Signway',
    ...schema,
  };
}
