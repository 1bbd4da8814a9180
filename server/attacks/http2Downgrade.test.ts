/**
 * HTTP/2 can carry in one field what HTTP/1.1 would read as two, and frames a body by other means: what a gateway makes
 * of that for an upstream is where requests are split. The frames are written by hand, as no client would send them.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { TLS } from '../testing/certificates.ts';
import { startGateway, type TestGateway } from '../testing/gateway.ts';
import {
  END_STREAM,
  type Fields,
  FRAME,
  frame,
  type Http2Outcome,
  head,
  RawHttp2,
} from '../testing/rawHttp2.ts';
import { type ScriptedUpstream, startUpstream } from '../testing/scriptedUpstream.ts';

/** In a path: the query of a URL that is signed for the method. */
const QUERY = '/?QUERY';

interface Asked {
  readonly method?: string;
  readonly scheme?: string;
  readonly authority?: string;
  readonly path?: string;
}

function fields({ method = 'GET', scheme = 'https', authority = 'a', path = QUERY }: Asked = {}): Fields {
  return [
    [':method', method],
    [':scheme', scheme],
    [':authority', authority],
    [':path', path],
  ];
}

const without = (name: string, asked?: Asked) => fields(asked).filter(([each]) => each !== name);
const withField = (name: string, value: string, asked?: Asked) => [...fields(asked), [name, value]] as Fields;

type Case = [name: string, fields: Fields, outcome: Http2Outcome];

const TARGETS: Case[] = [
  ['no method', without(':method'), 'reset'],
  ['no scheme', without(':scheme'), 'reset'],
  ['no path', without(':path'), 'reset'],
  ['no authority', without(':authority'), 'reset'],
  ['an empty path', fields({ path: '' }), 'reset'],
  ['an empty authority', fields({ authority: '' }), 'reset'],
  ['a path without a slash', fields({ path: '?QUERY' }), 'reset'],
  ['a path that is a URL', fields({ path: 'http://b/?QUERY' }), 'reset'],
  ['a path that names a host', fields({ path: '//b/?QUERY' }), 'not_found'],
  ['an asterisk', fields({ path: '*' }), 'reset'],
  ['a backslash', fields({ path: '\\?QUERY' }), 'reset'],
  ['a space in the path', fields({ path: `${QUERY} HTTP/1.1` }), 'reset'],
  ['a line in the path', fields({ path: `${QUERY} HTTP/1.1\r\nX-Api-Key: mine\r\n\r\n` }), 'reset'],
  ['a NUL in the path', fields({ path: `${QUERY}\0` }), 'reset'],
  ['a fragment in the path', fields({ path: `${QUERY}#x` }), 'signature_mismatch'],
  ['a byte beyond ASCII in the path', fields({ path: `${QUERY}\xff` }), 'signature_mismatch'],
  ['two paths', withField(':path', QUERY), 'reset'],
  ['two methods', withField(':method', 'POST'), 'reset'],
  ['a line in the method', fields({ method: 'GET / HTTP/1.1\r\nX: y\r\n\r\nGET' }), 'reset'],
  ['a space in the method', fields({ method: 'GET /' }), 'reset'],
  ['a line in the scheme', fields({ scheme: 'https\r\nX: y' }), 'reset'],
  ['a line in the authority', fields({ authority: 'a\r\nX-Api-Key: mine' }), 'reset'],
  ['user info in the authority', fields({ authority: 'x@a' }), 'reset'],
  ['a space in the authority', fields({ authority: 'a b' }), 'bad_request'],
  ['two authorities in one', fields({ authority: 'a,b' }), 'bad_request'],
  ['an authority with an absurd port', fields({ authority: 'a:99999' }), 'bad_request'],
  ['an authority and another Host', withField('host', 'b'), 'reset'],
  ['two Hosts', [...without(':authority'), ['host', 'a'], ['host', 'b']], 'reset'],
  ['a pseudo-field behind a field', [...without(':path'), ['x', 'y'], [':path', QUERY]], 'reset'],
  ['an unknown pseudo-field', withField(':x', 'y'), 'reset'],
  ['the pseudo-field of an answer', withField(':status', '200'), 'reset'],
  ['TRACE', fields({ method: 'TRACE' }), 'method_not_allowed'],
  [
    'CONNECT',
    [
      [':method', 'CONNECT'],
      [':authority', 'b.test:443'],
    ],
    'bare',
  ],
  ['CONNECT with a path', fields({ method: 'CONNECT' }), 'reset'],
  ["HTTP/1.1's opening of HTTP/2", fields({ method: 'PRI', path: '*' }), 'reset'],
];

const FIELDS: Case[] = [
  ['a capital in a name', withField('X-Up', 'y'), 'reset'],
  ['a space in a name', withField('x y', 'z'), 'reset'],
  ['a colon in a name', withField('x:y', 'z'), 'reset'],
  ['a line in a name', withField('x: y\r\nx-api-key', 'mine'), 'reset'],
  ['a NUL in a name', withField('x\0', 'z'), 'reset'],
  ['a byte beyond ASCII in a name', withField('x\xff', 'z'), 'reset'],
  ['a bracket in a name', withField('x(y', 'z'), 'reset'],
  ['no name', withField('', 'z'), 'goaway'],
  ['a line in a value', withField('x', 'y\r\nx-api-key: mine'), 'reset'],
  ['a request in a value', withField('x', 'y\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a'), 'reset'],
  ['a bare LF in a value', withField('x', 'y\nz'), 'reset'],
  ['a bare CR in a value', withField('x', 'y\rz'), 'reset'],
  ['a NUL in a value', withField('x', 'y\0z'), 'reset'],
  ['a control character in a value', withField('x', 'y\x01z'), 'reset'],
  ['a space before a value', withField('x', ' y'), 'reset'],
  // Bun hands it on, and the transport does not send it.
  ['DEL in a value', withField('x', 'y\x7fz'), 'upstream_unreachable'],
  ['Connection', withField('connection', 'x-one'), 'reset'],
  ['Keep-Alive', withField('keep-alive', 'timeout=5'), 'reset'],
  ['Proxy-Connection', withField('proxy-connection', 'x'), 'reset'],
  ['Upgrade', withField('upgrade', 'h2c'), 'reset'],
  ['TE other than trailers', withField('te', 'gzip'), 'reset'],
  ['chunks', withField('transfer-encoding', 'chunked', { method: 'POST' }), 'reset'],
  ['a head of 20 KiB', withField('x', 'y'.repeat(20_000)), 'bare'],
  ['a head of 64 KiB', withField('x', 'y'.repeat(65_536)), 'goaway'],
  ['a head of 1 MB', withField('x', 'y'.repeat(1_000_000)), 'goaway'],
  ['ten thousand fields', [...fields(), ...Array(10_000).fill(['x', 'y'])], 'goaway'],
];

/** Of a body that is `hello`. */
const LENGTHS: Case[] = ['+5', '-5', '5,5', '5, 5', '0x5', '5.0', '', ' 5', '18446744073709551621']
  .map(
    (length): Case => [
      `a length of '${length}'`,
      withField('content-length', length, { method: 'POST' }),
      'reset',
    ],
  )
  .concat([
    [
      'one length twice',
      [...withField('content-length', '5', { method: 'POST' }), ['content-length', '5']],
      'reset',
    ],
    [
      'two lengths',
      [...withField('content-length', '5', { method: 'POST' }), ['content-length', '4']],
      'reset',
    ],
    ['a GET with a length', withField('content-length', '5'), 'bad_request'],
  ]);

describe('over HTTP/2, nothing is split, and nothing reaches the upstream, of', () => {
  let upstream: ScriptedUpstream;
  let gateway: TestGateway;

  beforeAll(async () => {
    upstream = await startUpstream(({ send }) => {
      send('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi');
    });
    gateway = startGateway({ tls: TLS });
  });
  afterAll(async () => {
    await gateway[Symbol.asyncDispose]();
    await upstream[Symbol.asyncDispose]();
  });

  function signed(asked: Fields): Fields {
    const method = asked.find(([name]) => name === ':method')?.[1] ?? 'GET';
    const signedFor = /^[A-Z]+$/.test(method) ? method : 'GET';
    const url = gateway.sign(`${upstream.origin}/signed`, { method: signedFor });
    return asked.map(([name, value]) => [name, value.replace('QUERY', url.slice(url.indexOf('?') + 1))]);
  }

  test.each([...TARGETS, ...FIELDS])('%s', async (_, asked, outcome) => {
    using client = new RawHttp2(gateway);
    client.send(head(signed(asked)));
    expect(await client.settled()).toBe(outcome);
    expect(upstream.accepted).toBe(0);
  });

  test.each(LENGTHS)('%s', async (_, asked, outcome) => {
    using client = new RawHttp2(gateway);
    client.send(head(signed(asked), { ends: false }));
    client.send(frame(FRAME.data, { flags: END_STREAM, payload: 'hello' }));
    expect(await client.settled()).toBe(outcome);
    expect(upstream.accepted).toBe(0);
  });

  // The head may have gone by the time the body is seen to be another.
  test.each(['4', '6'])('a body of another length than %s is never whole to the upstream', async (length) => {
    await using waiting = await startUpstream();
    using client = new RawHttp2(gateway);
    const url = gateway.sign(`${waiting.origin}/`, { method: 'POST' });
    const asked = withField('content-length', length, { method: 'POST', path: url.slice(url.indexOf('/?')) });
    client.send(head(asked, { ends: false }));
    const connection = await waiting.next();
    client.send(frame(FRAME.data, { flags: END_STREAM, payload: 'hello' }));
    expect(await client.settled()).toBe('reset');
    await connection.gone;
    expect(connection.received).toEndWith('\r\n\r\n');
  });

  test('a body that its trailers would end again', async () => {
    using client = new RawHttp2(gateway);
    client.send(head(signed(fields({ method: 'POST' })), { ends: false }));
    client.send(head([[':path', '/other']]));
    expect(await client.settled()).toBe('reset');
  });

  test('but what is right is served, so that all of this has shown something', async () => {
    using client = new RawHttp2(gateway);
    client.send(head(signed(fields())));
    expect(await client.settled()).toBe('served');
    client.send(
      head(signed(withField('content-length', '5', { method: 'POST' })), { stream: 3, ends: false }),
    );
    client.send(frame(FRAME.data, { stream: 3, flags: END_STREAM, payload: 'hello' }));
    expect(await client.settled(3)).toBe('served');
    const heads = [await upstream.next(), await upstream.next()].map(({ received }) => received);
    expect(heads.filter((each) => each.includes('Authorization: Bearer sk-'))).toHaveLength(heads.length);
  });
});
