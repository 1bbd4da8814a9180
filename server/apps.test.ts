import { expect, test } from 'bun:test';
import { type App, createAppRegistry } from './apps.ts';
import { createAppCompiler } from './compiledApp.ts';
import { DEFAULT_LIMITS, limitsWith } from './limits.ts';

const app: App = { id: 'my-id', secrets: ['a secret'], upstreams: [] };

test.each<[string, unknown[]]>([
  ['none', []],
  ['an empty one', ['']],
  ['a variable that is not set', [undefined]],
  ['a good one beside one that is not set', ['a secret', undefined]],
])('an app cannot have %s for its secrets', (_, secrets) => {
  const wrong = { ...app, secrets: secrets as string[] };
  const error = new TypeError("the app 'my-id' has no secret");
  expect(() => createAppRegistry([wrong])).toThrow(error);
  // A registry of the embedder's own has found it.
  expect(() => createAppCompiler()(wrong)).toThrow(error);
});

const WINDOW = { limit: 1, window: 1000 };

test.each<[string, object]>([
  ['limits.requests.limit', { limits: { requests: { ...WINDOW, limit: Number.NaN } } }],
  ['limits.requests.window', { limits: { requests: { limit: 1 } } }],
  ['limits.requests.window', { limits: { requests: { limit: 1, window: 0 } } }],
  ['limits.tokens.reserve', { limits: { tokens: WINDOW } }],
  ['limits.bytes.reserve', { limits: { bytes: { ...WINDOW, reserve: '1' } } }],
  ['subjectLimits.streams', { subjectLimits: { streams: -1 } }],
  ['subjectLimits.duration', { subjectLimits: { duration: Number.NaN } }],
  ['maxExpiry', { maxExpiry: Number.NaN }],
  ['headTimeout', { upstreams: [{ origin: '*', headers: [], timeouts: { headTimeout: Number.NaN } }] }],
])('an app cannot have %s as in %j: nothing would ever be over it', (name, changes) => {
  const wrong = { ...app, ...changes } as App;
  const message = `the app 'my-id': ${name} must be a number`;
  expect(() => createAppRegistry([wrong])).toThrow(message);
  expect(() => createAppCompiler()(wrong)).toThrow(message);
});

test('a gateway takes no limit that is no number, and the default for one that is not there', () => {
  for (const maxBody of [Number.NaN, -1, '1', null])
    expect(() => limitsWith({ maxBody } as object)).toThrow('limits.maxBody must be a number');
  expect(limitsWith({ maxBody: undefined } as object)).toEqual(DEFAULT_LIMITS);
  expect(limitsWith({ maxBody: 0 }).maxBody).toBe(0);
});
