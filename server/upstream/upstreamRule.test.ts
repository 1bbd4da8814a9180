import { describe, expect, test } from 'bun:test';
import { compileUpstream } from './upstreamRule.ts';

describe.each([
  [
    'https://api.openai.com',
    ['https://api.openai.com/', 'https://api.openai.com:443/v1?x=1', 'https://API.OpenAI.com/'],
    [
      'http://api.openai.com/',
      'https://api.openai.com:8443/',
      'https://api.openai.com.evil.test/',
      'https://notapi.openai.com/',
      'https://api.openai.com%2eevil.test/',
      'https://openai.com/',
      'https://api.openai.com./',
    ],
  ],
  ['http://localhost:8080/', ['http://localhost:8080/a'], ['http://localhost/', 'http://localhost:80801/']],
  [
    'https://api.test/v1',
    [
      'https://api.test/v1',
      'https://api.test/v1/chat',
      'https://api.test/x/../v1/chat',
      'https://api.test/v1?a=%2f',
    ],
    [
      'https://api.test/',
      'https://api.test/v10',
      'https://api.test/v1/../admin',
      'https://api.test/v1/%2e%2e/admin',
      'https://api.test/v1/..%2fadmin',
      'https://api.test/v1/..;/admin',
      'https://api.test/v1/%5C..',
      'https://api.test/v1/%252e%252e/admin',
      'https://api.test/V1/chat',
    ],
  ],
  ['https://api.test/v1/', ['https://api.test/v1/chat', 'https://api.test/v1'], ['https://api.test/v10/']],
  [
    'https://*.example.com',
    ['https://a.example.com/', 'https://xn--bcher-kva.example.com/x'],
    ['https://example.com/', 'https://a.b.example.com/', 'https://.example.com/', 'https://aexample.com/'],
  ],
  ['*', ['https://a.test/', 'http://b.test:1/x'], []],
])('the upstream %s', (origin, inside, outside) => {
  const matches = compileUpstream(origin);
  test.each(inside)('takes %s', (url) => {
    expect(matches(new URL(url))).toBe(true);
  });
  if (outside.length > 0) {
    test.each(outside)('leaves %s', (url) => {
      const parsed = URL.parse(url);
      expect(parsed === null || !matches(parsed)).toBe(true);
    });
  }
});

test.each([
  'api.openai.com',
  'ftp://api.test',
  'https://user@api.test',
  'https://api.test/?a=1',
  'https://api.test/#x',
  'https://a.*.test',
  'https://*.*.test',
  'https://api.test\\x',
  'https://api.test/v1/..;/x',
  'https://api.test/v1%2fx',
  '',
])('the origin %p cannot be read', (origin) => {
  expect(() => compileUpstream(origin)).toThrow(TypeError);
});
