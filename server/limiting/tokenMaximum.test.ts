import { expect, test } from 'bun:test';
import { tokenMaximum } from './tokenMaximum.ts';

const of = (body: string, type: string | null = 'application/json') =>
  tokenMaximum(type, new TextEncoder().encode(body));

test.each([
  ['{"max_tokens":100}', 100],
  ['{"max_completion_tokens":200}', 200],
  ['{"max_output_tokens":300}', 300],
  ['{"generationConfig":{"maxOutputTokens":400}}', 400],
  ['{"max_tokens":100,"max_completion_tokens":200}', 200],
  ['{"max_tokens":100,"n":3}', 300],
  // The API makes as many and gives the best of them.
  ['{"max_tokens":100,"n":2,"best_of":20}', 2000],
  ['{"generationConfig":{"maxOutputTokens":10,"candidateCount":2}}', 20],
  ['{"max_tokens":100,"n":0}', 100],
])('%s lets an answer have %d tokens', (body, expected) => {
  expect(of(body)).toBe(expected);
});

test.each([
  '{}',
  '[]',
  'null',
  '{"max_tokens":0}',
  '{"max_tokens":-1}',
  '{"max_tokens":1.5}',
  '{"max_tokens":"100"}',
  '{"max_tokens":1e300}',
  '{"max_tokens":1,"max_tokens":100000}',
  '{"max_tokens":1',
])('%s names no maximum', (body) => {
  expect(of(body)).toBeUndefined();
});

test('what is no JSON by its type names none', () => {
  expect(of('{"max_tokens":1}', 'text/plain')).toBeUndefined();
  expect(of('{"max_tokens":1}', null)).toBeUndefined();
  expect(tokenMaximum('application/json', null)).toBeUndefined();
});
