import { expect, test } from 'bun:test';
import { type App, createAppRegistry } from './apps.ts';

const app: App = { id: 'my-id', secrets: ['a secret'], upstreams: [] };

test.each<[string, unknown[]]>([
  ['none', []],
  ['an empty one', ['']],
  ['a variable that is not set', [undefined]],
  ['a good one beside one that is not set', ['a secret', undefined]],
])('an app cannot have %s for its secrets', (_, secrets) => {
  expect(() => createAppRegistry([{ ...app, secrets: secrets as string[] }])).toThrow(
    new TypeError("the app 'my-id' has no secret"),
  );
});
