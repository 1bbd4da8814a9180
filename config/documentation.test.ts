import { describe, expect, test } from 'bun:test';
import { compileConfig } from './compileConfig.ts';
import { jsonSchemaOfConfig } from './jsonSchemaOfConfig.ts';
import { PRESETS } from './presets.ts';

const DOCUMENT = await Bun.file(new URL('../docs/configuration.md', import.meta.url)).text();

describe('docs/configuration.md', () => {
  test('names every member of the file', () => {
    const unnamed = [...membersOf(jsonSchemaOfConfig())].filter(
      (name) =>
        name !== 'limit' &&
        name !== 'window' &&
        !new RegExp(`[\`{ ]${name.replace('$', '\\$')}\\b`).test(DOCUMENT),
    );
    expect(unnamed).toEqual([]);
  });

  test('has examples that can be used', () => {
    const [first, limits] = [...DOCUMENT.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code!);
    const config = evaluate(
      first!
        .replace(/^import .*\n/, '')
        .replace('export default defineConfig(', '(')
        .trim(),
    );
    const { subjectLimits } = evaluate(`({${limits}})`) as { subjectLimits: object };
    const { apps } = config as { apps: object[] };
    const whole = { ...(config as object), apps: [{ ...apps[0], subjectLimits }] };
    const env = { SW_SECRET: 's'.repeat(32), OPENAI_API_KEY: 'k' };
    expect(compileConfig(whole, { env, folder: '/' }).problems).toEqual([]);
  });

  test('names every preset with its origin and its header', () => {
    for (const [name, { origin, header }] of Object.entries(PRESETS)) {
      expect(DOCUMENT).toMatch(new RegExp(`\\| \`${name}\` +\\| \`${origin}\` +\\| \`${header[0]}`));
    }
  });
});

function evaluate(expression: string): unknown {
  return new Function(`return ${expression.replace(/;$/, '')}`)();
}

function* membersOf(schema: object): Generator<string> {
  const {
    properties = {},
    anyOf = [],
    items,
  } = schema as { properties?: object; anyOf?: object[]; items?: object };
  for (const [name, member] of Object.entries(properties)) {
    yield name;
    yield* membersOf(member);
  }
  for (const inner of anyOf) yield* membersOf(inner);
  if (items !== undefined) yield* membersOf(items);
}
