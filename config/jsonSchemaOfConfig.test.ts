import { expect, test } from 'bun:test';
import published from '../docs/signway.config.schema.json';
import { compileJsonSchema } from '../server/jsonSchema/compileJsonSchema.ts';
import { jsonSchemaOfConfig } from './jsonSchemaOfConfig.ts';

test('the published schema is the one of this version: bun scripts/writeConfigSchema.ts', () => {
  expect(published as unknown).toEqual(jsonSchemaOfConfig());
});

test('the schema takes a configuration and finds what is wrong with one', () => {
  const schema = compileJsonSchema(published);
  const app = { id: 'a', secrets: ['env:A'], upstreams: [{ preset: 'openai', key: 'env:B' }] };
  expect(schema.validate({ $schema: './schema.json', port: 1, store: 'memory', apps: [app] })).toBeNull();
  expect(schema.validate({ apps: [{ ...app, secret: 'x' }] })).toEqual({
    pointer: '/apps/0/secret',
    keyword: 'false',
  });
  expect(schema.validate({ apps: [] })).toMatchObject({ keyword: 'minItems' });
});

test('every part says what it is for', () => {
  const undescribed: string[] = [];
  walk(published, '');
  expect(undescribed).toEqual([]);

  function walk(schema: object, path: string): void {
    for (const [name, member] of Object.entries((schema as { properties?: object }).properties ?? {})) {
      if (!('description' in member)) undescribed.push(`${path}/${name}`);
      walk(member, `${path}/${name}`);
    }
    for (const inner of (schema as { anyOf?: object[] }).anyOf ?? []) walk(inner, path);
    const { items } = schema as { items?: object };
    if (items !== undefined) walk(items, `${path}/0`);
  }
});
