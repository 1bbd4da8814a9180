import { describe, expect, setDefaultTimeout, test } from 'bun:test';
import { APP, startGateway, WIRE_FRONTS } from '../testing/gateway.ts';
import { RawClient, rawRequest } from '../testing/rawClient.ts';
import { startUpstream } from '../testing/scriptedUpstream.ts';

// Machines are slow and loaded, and nothing here is about time.
setDefaultTimeout(60_000);

const OK = 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi';
const SCHEMA = {
  type: 'object',
  properties: { model: { const: 'small' }, max_tokens: { maximum: 256 } },
  required: ['model', 'max_tokens'],
};
const GOOD = '{"model":"small","max_tokens":256}';

describe.each(WIRE_FRONTS)('a body under a schema, by the front %s:', (front) => {
  /** Sends a request as bytes and gives the code it was refused with, and what reached the upstream. */
  async function send(headers: Record<string, string>, body: string) {
    await using upstream = await startUpstream((connection) => connection.send(OK));
    await using gateway = startGateway({ front });
    const url = gateway.sign(upstream.origin, { method: 'POST', bodySchema: SCHEMA });
    using client = new RawClient(gateway);
    client.send(rawRequest(url, { method: 'POST', headers: { Connection: 'close', ...headers }, body }));
    const answer = await client.finished();
    return { code: /X-Sw-Error: (\w+)/i.exec(answer)?.[1] ?? null, accepted: upstream.accepted };
  }

  const JSON_TYPE = { 'Content-Type': 'application/json' };
  const length = (body: string) => ({ 'Content-Length': String(Buffer.byteLength(body, 'latin1')) });

  test('passes with a length and in chunks, and arrives as it was sent', async () => {
    expect(await send({ ...JSON_TYPE, ...length(GOOD) }, GOOD)).toEqual({ code: null, accepted: 1 });
    const chunks = `5\r\n${GOOD.slice(0, 5)}\r\n${(GOOD.length - 5).toString(16)}\r\n${GOOD.slice(5)}\r\n0\r\n\r\n`;
    expect(await send({ ...JSON_TYPE, 'Transfer-Encoding': 'chunked' }, chunks)).toEqual({
      code: null,
      accepted: 1,
    });
    await using upstream = await startUpstream((connection) => connection.send(OK));
    await using gateway = startGateway({ front });
    const spaced = ` ${GOOD}\n`;
    const url = gateway.sign(upstream.origin, { method: 'POST', bodySchema: SCHEMA });
    await gateway.ask(url, { method: 'POST', headers: JSON_TYPE, body: spaced });
    expect((await upstream.next()).received).toEndWith(`\r\n\r\n${spaced}`);
  });

  test.each([
    ['another model', '{"model":"large","max_tokens":1}'],
    ['two models', '{"model":"small","max_tokens":1,"model":"large"}'],
    ['two models, one escaped', '{"model":"small","max_tokens":1,"\\u006dodel":"large"}'],
    ['a byte-order mark', `\xef\xbb\xbf${GOOD}`],
    ['a byte that is no UTF-8', '{"model":"small","max_tokens":1,"a":"\xff"}'],
    ['UTF-16', [...GOOD].map((character) => `${character}\0`).join('')],
    ['a list', `[${GOOD}]`],
    ['nothing', ''],
  ])('never carries %s upstream', async (_, body) => {
    expect(await send({ ...JSON_TYPE, ...length(body) }, body)).toEqual({
      code: 'body_not_allowed',
      accepted: 0,
    });
  });

  test.each([
    ['no type', {}],
    ['another type', { 'Content-Type': 'text/plain' }],
    ['another charset', { 'Content-Type': 'application/json; charset=utf-16' }],
    ['a content coding', { ...JSON_TYPE, 'Content-Encoding': 'gzip' }],
  ])('never goes upstream with %s', async (_, headers) => {
    expect(await send({ ...headers, ...length(GOOD) } as Record<string, string>, GOOD)).toEqual({
      code: 'body_not_allowed',
      accepted: 0,
    });
  });

  test('is refused as soon as it is too large, not when it has ended', async () => {
    await using gateway = startGateway({ front, limits: { maxSignedBody: 1000 } });
    const url = gateway.sign('http://127.0.0.1:9/', { method: 'POST', bodySchema: SCHEMA });
    using client = new RawClient(gateway);
    const headers = { ...JSON_TYPE, 'Transfer-Encoding': 'chunked' };
    client.send(rawRequest(url, { method: 'POST', headers, body: `3e9\r\n${' '.repeat(1001)}\r\n` }));
    expect(await client.receive(/\r\n\r\n/)).toMatch(/X-Sw-Error: body_too_large/i);
  });

  test('has one type: a second line is refused', async () => {
    await using upstream = await startUpstream((connection) => connection.send(OK));
    await using gateway = startGateway({ front });
    const url = gateway.sign(upstream.origin, { method: 'POST', bodySchema: SCHEMA });
    using client = new RawClient(gateway);
    const request = rawRequest(url, {
      method: 'POST',
      headers: { ...length(GOOD), Connection: 'close' },
      body: GOOD,
    });
    const types = 'Content-Type: application/json\r\nContent-Type: text/plain\r\n';
    client.send(request.replace('\r\n\r\n', `\r\n${types}\r\n`));
    expect(await client.finished()).toMatch(/X-Sw-Error: (?:body_not_allowed|bad_request)/i);
    expect(upstream.accepted).toBe(0);
  });
});

test('a body under a schema is held under the limit for signed bodies, and no larger one', async () => {
  await using upstream = await startUpstream((connection) => connection.send(OK));
  await using gateway = startGateway({ limits: { maxSignedBody: GOOD.length } });
  const url = gateway.sign(upstream.origin, { method: 'POST', bodySchema: SCHEMA });
  const post = (body: BodyInit) =>
    gateway.ask(url, { method: 'POST', body, headers: { 'content-type': 'application/json' } });
  expect((await post(GOOD)).status).toBe(200);
  expect((await post(`${GOOD} `)).headers.get('x-sw-error')).toBe('body_too_large');
});

test('a hostile pattern or reference is refused with the URL, whoever signed it', async () => {
  await using gateway = startGateway();
  for (const bodySchema of [
    { pattern: '(a)\\1' },
    { pattern: '(?=a)' },
    { $ref: 'https://evil.test/schema.json' },
    { properties: { a: { $ref: 'file:///etc/passwd' } } },
    { properties: { a: { format: 'email' } } },
  ]) {
    const response = await gateway.ask(gateway.sign('http://127.0.0.1:9/', { bodySchema }));
    expect(response.headers.get('x-sw-error')).toBe('invalid_parameter');
  }
});

test('a pattern that others never finish is finished', async () => {
  await using upstream = await startUpstream((connection) => connection.send(OK));
  await using gateway = startGateway();
  const bodySchema = { properties: { a: { pattern: '^(a+)+$' } } };
  const url = gateway.sign(upstream.origin, { method: 'POST', bodySchema });
  const response = await gateway.ask(url, {
    method: 'POST',
    body: JSON.stringify({ a: `${'a'.repeat(100_000)}!` }),
    headers: { 'content-type': 'application/json' },
  });
  expect(response.headers.get('x-sw-error')).toBe('body_not_allowed');
});

test('a schema by name is the configuration’s', async () => {
  await using upstream = await startUpstream((connection) => connection.send(OK));
  await using gateway = startGateway({
    apps: [
      {
        id: APP.id,
        secrets: [APP.secret],
        upstreams: [{ origin: '*', headers: [] }],
        schemas: { chat: SCHEMA },
        required: ['bodySchema'],
      },
    ],
  });
  const post = async (bodySchema: string | undefined, body: string) => {
    const options = bodySchema === undefined ? {} : { bodySchema };
    const url = gateway.sign(upstream.origin, { method: 'POST', ...options });
    const headers = { 'content-type': 'application/json' };
    return (await gateway.ask(url, { method: 'POST', body, headers })).headers.get('x-sw-error');
  };
  expect(await post('chat', GOOD)).toBeNull();
  expect(await post('chat', '{}')).toBe('body_not_allowed');
  expect(await post('constructor', GOOD)).toBe('invalid_parameter');
  expect(await post(undefined, GOOD)).toBe('extension_required');
});
