import { heapStats } from 'bun:jsc';
import { describe, expect, test } from 'bun:test';
import { HeaderFields } from '../front/http1/headerFields.ts';
import type { HeaderPairs } from '../transport/transport.ts';
import { createUpstreamHeaders } from './upstreamHeaders.ts';

function sent(client: Record<string, string>, injected: HeaderPairs = []): HeaderPairs {
  const injectedNames = new Set(injected.map(([name]) => name.toLowerCase()));
  return createUpstreamHeaders()(new Headers(client), { host: 'api.test:8443', injected, injectedNames });
}

describe('the headers of the upstream request', () => {
  test('begin with the Host and keep what the client sent, in the usual spelling', () => {
    expect(sent({ 'x-stainless-os': 'Linux', accept: '*/*', 'user-agent': 'me', host: 'gw.test' })).toEqual([
      ['Host', 'api.test:8443'],
      ['Accept', '*/*'],
      ['User-Agent', 'me'],
      ['X-Stainless-Os', 'Linux'],
    ]);
  });

  test('hold the injected ones, last and as they were configured, whatever the client sent', () => {
    const injected: [string, string][] = [['x-API-key', 'sk-1']];
    expect(sent({ 'X-Api-Key': 'mine', connection: 'x-api-key', a: '1' }, injected)).toEqual([
      ['Host', 'api.test:8443'],
      ['A', '1'],
      ['x-API-key', 'sk-1'],
    ]);
  });

  test.each([
    ...[
      'Connection',
      'Keep-Alive',
      'Proxy-Connection',
      'Proxy-Authorization',
      'TE',
      'Trailer',
      'Transfer-Encoding',
    ],
    ...[
      'Upgrade',
      'HTTP2-Settings',
      'Content-Length',
      'Cookie',
      'Authorization',
      'Expect',
      'Forwarded',
      'Via',
    ],
    ...[
      'X-Forwarded-For',
      'X-Forwarded-Host',
      'X-Real-IP',
      'True-Client-IP',
      'CF-Connecting-IP',
      'X-Original-URL',
    ],
    ...[
      'X-Rewrite-URL',
      'X-HTTP-Method-Override',
      'X-HTTP-Method',
      'X-Method-Override',
      'X_Api_Key',
      'Referer',
    ],
    ...['Origin', 'Sec-Fetch-Mode', 'Access-Control-Request-Method', 'X-Sw-Anything'],
  ])('never hold %s of a client', (name) => {
    expect(sent({ [name]: '1' })).toEqual([['Host', 'api.test:8443']]);
  });

  test('never hold what the Connection of a client lists', () => {
    expect(sent({ connection: 'close, X-Foo ,bar', 'x-foo': '1', bar: '2', baz: '3' })).toEqual([
      ['Host', 'api.test:8443'],
      ['Baz', '3'],
    ]);
  });

  test('are the same whether a name is remembered or too long for that', () => {
    const make = createUpstreamHeaders();
    const options = { host: 'a', injected: [], injectedNames: new Set<string>() };
    const long = `x-${'b'.repeat(200)}`;
    const client = new Headers({ a: '1', cookie: 'x', [long]: '2' });
    expect(make(client, options)).toEqual(make(client, options));
    expect(make(client, options).map(([name]) => name.toLowerCase())).toEqual(['host', 'a', long]);
  });

  test('keep nothing of the requests whose names are remembered', () => {
    const make = createUpstreamHeaders();
    const options = { host: 'a', injected: [], injectedNames: new Set<string>() };
    const before = heapStats().heapSize;
    for (let index = 0; index < 900; index++) {
      const head = Buffer.from(`X-Name-That-Is-Not-So-Short-${index}: ${'x'.repeat(100_000)}`).toString(
        'latin1',
      );
      make(new HeaderFields([[head.slice(0, head.indexOf(':')), '1']]), options);
    }
    Bun.gc(true);
    expect(heapStats().heapSize - before).toBeLessThan(45_000_000);
  });
});
