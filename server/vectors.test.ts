import { describe, expect, test } from 'bun:test';
import { parseTimestamp } from '../signing/timestamp.ts';
import accept from '../signing/vectors/accept.json';
import extensions from '../signing/vectors/extensions.json';
import refuse from '../signing/vectors/refuse.json';
import { createSignway, type RunningSignway } from './createSignway.ts';
import { RawClient } from './testing/rawClient.ts';
import type { Transport } from './transport/transport.ts';

interface Vector {
  name: string;
  now: string;
  id: string;
  secret: string;
  expiryCap?: number;
  proxyUrl?: string;
  request: { method: string; url: string; headers: Record<string, string>; body: string | null };
}

/** Notes what would be sent to the upstreams of the vectors, which do not exist, and answers `hi`. */
function recordingTransport(sent: string[]): Transport {
  return {
    name: 'recording',
    connections: { active: 0, idle: 0 },
    close() {},
    async send({ method, scheme, headers, target }) {
      sent.push(`${method} ${scheme}://${headers[0]![1]}${target}`);
      return {
        status: 200,
        statusText: 'OK',
        headers: [],
        timing: { reused: null, connect: null, head: 0 },
        body: {
          whole: new TextEncoder().encode('hi'),
          framing: 'length',
          pipe: async () => ({ kind: 'complete' }),
          cancel() {},
        },
      };
    },
  };
}

/** Sends a vector's request, byte for byte, to a gateway whose clock stands at the vector's `now`. */
async function send(vector: Vector): Promise<{ answer: string; sent: string[] }> {
  const sent: string[] = [];
  const gateway: RunningSignway = createSignway({
    apps: [
      {
        id: vector.id,
        secrets: [vector.secret],
        upstreams: [{ origin: '*', headers: [] }],
        schemas: { 'chat-mini': { required: ['model'] } },
      },
    ],
    clock: () => parseTimestamp(vector.now)!,
    limits: vector.expiryCap === undefined ? {} : { maxExpiry: vector.expiryCap },
    network: { allowNetworks: ['127.0.0.0/8'], resolver: async () => ['127.0.0.1'] },
    transport: recordingTransport(sent),
  }).serve({ port: 0, hostname: '127.0.0.1' });
  try {
    const { method, url, headers, body } = vector.request;
    const target = url.slice(url.indexOf('/', url.indexOf('://') + 3));
    const lines = Object.entries({ Connection: 'close', ...headers }).map(
      ([name, value]) => `${name}: ${value}\r\n`,
    );
    const bytes = Buffer.from(body ?? '', 'utf8');
    const payload = 'Transfer-Encoding' in headers ? chunked(bytes) : bytes;
    using client = new RawClient(gateway);
    client
      .send(`${method} ${target} HTTP/1.1\r\nHost: localhost:3000\r\n${lines.join('')}\r\n`)
      .send(payload);
    return { answer: await client.finished(), sent };
  } finally {
    await gateway.stop({ drain: 0 });
  }
}

function chunked(bytes: Buffer): Buffer {
  return Buffer.concat([
    Buffer.from(`${bytes.length.toString(16)}\r\n`),
    bytes,
    Buffer.from('\r\n0\r\n\r\n'),
  ]);
}

describe('over HTTP', () => {
  test.each(accept.vectors as unknown as Vector[])('accepts $name', async (vector) => {
    const { answer, sent } = await send(vector);
    expect(answer).toStartWith('HTTP/1.1 200 OK\r\n');
    expect(answer).toEndWith('\r\n\r\nhi');
    expect(sent).toEqual([`${vector.request.method} ${new URL(vector.proxyUrl!).href}`]);
  });

  test.each(refuse.vectors as unknown as (Vector & { code: string; status: number })[])(
    'refuses $name',
    async (vector) => {
      const { answer, sent } = await send(vector);
      expect(answer).toStartWith(`HTTP/1.1 ${vector.status} `);
      expect(answer).toContain(`\r\nX-Sw-Error: ${vector.code}\r\n`);
      expect(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4))).toMatchObject({
        type: `urn:signway:problem:${vector.code}`,
        code: vector.code,
        status: vector.status,
      });
      expect(sent).toEqual([]);
    },
  );

  test.each(extensions.vectors)('serves $name', async ({ input, signedUrl, baseUrl }) => {
    const body = '{"model":"gpt-4o-mini","max_tokens":256}';
    const url = baseUrl === undefined ? signedUrl : `${baseUrl}chat/completions`;
    const { answer, sent } = await send({
      name: '',
      now: input.date,
      id: input.id,
      secret: input.secret,
      request: {
        method: 'POST',
        url,
        headers: { 'Content-Type': 'application/json', 'Content-Length': String(body.length) },
        body,
      },
    });
    expect(answer).toStartWith('HTTP/1.1 200 OK\r\n');
    expect(sent).toEqual(['POST https://api.openai.com/v1/chat/completions']);
  });
});
