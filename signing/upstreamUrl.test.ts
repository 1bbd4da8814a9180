import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { parseUpstreamUrl } from './upstreamUrl.ts';

const pieces = fc.array(
  fc.oneof(
    fc.constantFrom(
      ...[
        'https://',
        'http://',
        'HTTPS://',
        'https:',
        '//',
        '/',
        '\\',
        '?',
        '#',
        '@',
        ':',
        '::',
        '[',
        ']',
        '%',
      ],
      ...[
        'api.test',
        'evil.test',
        'user',
        'user:pw@',
        '443',
        '127.0.0.1',
        '[::1]',
        '..',
        '.',
        '%2e',
        '%2f',
        '%40',
      ],
      ...[
        '\t',
        '\n',
        '\0',
        ' ',
        '\u00a0',
        '\u00ad',
        '\u200b',
        '\u3002',
        '\uff0f',
        '\uff20',
        '\ufeff',
        '\ud800',
        'é',
      ],
    ),
    fc.string({ unit: 'binary', maxLength: 3 }),
  ),
  { maxLength: 8 },
);
const text = fc.oneof(
  pieces.map((each) => each.join('')),
  pieces.map((each) => `https://api.test${each.join('')}`),
  pieces.map((each) => `https://${each.join('')}`),
);

test('a URL that is read holds no user info and no fragment, and what is sent to is what was read', () => {
  fc.assert(
    fc.property(text, (each) => {
      const url = parseUpstreamUrl(each);
      if (typeof url === 'string') return;
      const { username, password, hash } = new URL(url.href);
      expect([username, password, hash]).toEqual(['', '', '']);
      const { href, origin, protocol, host, hostname, port, pathname, search } = new URL(each);
      expect(url).toEqual({ href, origin, protocol, host, hostname, port, pathname, search });
      expect(url.protocol).toMatch(/^https?:$/);
      expect(url.hostname).not.toBe('');
      expect(each).toStartWith(`${url.protocol}//`);
      expect(parseUpstreamUrl(url.href)).toEqual(url);
    }),
    { numRuns: 5000 },
  );
});

test('the authority is all that stands before the first slash, question mark or number sign', () => {
  const after = fc.array(fc.constantFrom('evil.test', '@', ':', '//', '..', '?', '%40', '%2f@', 'é'), {
    maxLength: 6,
  });
  fc.assert(
    fc.property(fc.constantFrom('/', '?'), after, (mark, rest) => {
      const url = parseUpstreamUrl(`https://api.test${mark}${rest.join('')}`);
      expect(url).toMatchObject({ host: 'api.test' });
    }),
  );
});

test.each([
  'https://api.test\uff20evil.test/',
  'https://api.test\uff0fevil.test/',
  'https://api.test\uff1aevil/',
  'https://api.test%40evil.test/',
  'https://api.test%2fevil.test/',
  'https://api.test%00/',
  'https://[::1/',
  'https://api.test:80:80/',
  'https://\u00ad/',
])('a host that only looks like one is refused: %j', (url) => expect(parseUpstreamUrl(url)).toBeString());
