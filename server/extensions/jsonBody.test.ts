import { describe, expect, test } from 'bun:test';
import { Refusal } from '../../signing/refusal.ts';
import { compileJsonSchema } from '../jsonSchema/compileJsonSchema.ts';
import { checkJsonBody } from './jsonBody.ts';

const SCHEMA = compileJsonSchema({
  properties: { model: { const: 'gpt-4o-mini' }, max_tokens: { maximum: 256 } },
  required: ['model', 'max_tokens'],
});
const GOOD = '{"model":"gpt-4o-mini","max_tokens":256}';

/** What the refusal says, or null. */
function refusal(
  body: string | Uint8Array,
  headers: Record<string, string> = { 'content-type': 'application/json' },
) {
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body;
  try {
    checkJsonBody({ header: (name) => headers[name] ?? null, body: bytes }, SCHEMA);
    return null;
  } catch (error) {
    expect(error).toBeInstanceOf(Refusal);
    expect((error as Refusal).code).toBe('body_not_allowed');
    return (error as Refusal).message;
  }
}

describe('a body under a schema', () => {
  test.each([
    'application/json',
    'Application/JSON',
    'application/json; charset=utf-8',
    'application/json;charset="UTF-8"',
    'application/vnd.api+json',
    'application/problem+json; profile=x',
  ])('may be of type %s', (type) => {
    expect(refusal(GOOD, { 'content-type': type })).toBeNull();
  });

  test.each([
    '',
    'text/plain',
    'application/jsonp',
    'application/json-seq',
    'application/x-json',
    'application/json, application/json',
    'application/json, text/plain',
    'text/plain, application/json',
    'application/json; charset=utf-16',
    'application/json; charset=utf-7',
    'application/json; charset=iso-8859-1',
    'application/json; charset=utf-8; charset=utf-16',
    'application/json; charset="utf\\-8"',
    'application/json; charset',
    'application/json; a="b, text/plain',
    'application/ json',
    'application/json+xml',
    '+json',
  ])('may not be of type %j', (type) => {
    expect(refusal(GOOD, { 'content-type': type })).toContain('Content-Type');
  });

  test('must have a type, and must not be encoded', () => {
    expect(refusal(GOOD, {})).toContain('Content-Type');
    for (const coding of ['gzip', 'br', 'identity, gzip', 'GZIP', '']) {
      expect([
        coding,
        refusal(GOOD, { 'content-type': 'application/json', 'content-encoding': coding }),
      ]).toEqual([coding, 'the body must not be encoded']);
    }
    expect(refusal(GOOD, { 'content-type': 'application/json', 'content-encoding': 'Identity' })).toBeNull();
  });

  test.each([
    ['the second of two models', '{"model":"gpt-4o-mini","max_tokens":1,"model":"gpt-5"}', 'one name twice'],
    ['the first of two models', '{"model":"gpt-5","max_tokens":1,"model":"gpt-4o-mini"}', 'one name twice'],
    [
      'a model that is written otherwise',
      '{"model":"gpt-4o-mini","max_tokens":1,"mode\\u006c":"x"}',
      'one name twice',
    ],
    ['a byte-order mark', `\ufeff${GOOD}`, 'byte-order mark'],
    ['an infinity', '{"model":"gpt-4o-mini","max_tokens":-1e999}', 'too large'],
    ['two values', `${GOOD}${GOOD}`, 'not JSON'],
    ['nothing', '', 'not JSON'],
    ['too much', '{"model":"gpt-4o-mini","max_tokens":257}', 'at /max_tokens: maximum'],
    ['too little', '{"model":"gpt-4o-mini"}', 'as a whole: required'],
  ])('does not smuggle %s', (_, body, problem) => {
    expect(refusal(body)).toContain(problem);
  });

  test('says where it fails without repeating a long place', () => {
    const name = 'n'.repeat(5000);
    const schema = compileJsonSchema({ additionalProperties: false });
    const body = new TextEncoder().encode(JSON.stringify({ [name]: 1 }));
    try {
      checkJsonBody(
        { header: (header) => (header === 'content-type' ? 'application/json' : null), body },
        schema,
      );
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(Refusal);
      expect((error as Error).message.length).toBeLessThan(300);
    }
  });
});
