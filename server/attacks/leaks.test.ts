import { describe, expect, test } from 'bun:test';
import { readFile } from 'node:fs/promises';
import { type RunningServe, startServe } from '../../cli/testing/startServe.ts';
import { keyFormsIn } from '../../e2e/keySearch.ts';
import { signUrl } from '../../signing/signUrl.ts';
import type { SignUrlOptions } from '../../signing/signUrlOptions.ts';
import { FILES } from '../testing/certificates.ts';
import { WIRE_FRONTS } from '../testing/gateway.ts';
import { readAnswer } from '../testing/rawAnswer.ts';
import { RawClient } from '../testing/rawClient.ts';
import { startUpstream, type UpstreamConnection } from '../testing/scriptedUpstream.ts';
import { MALFORMED_RESPONSES, TRUNCATED_RESPONSES } from '../transport/testing/malformedResponses.ts';

/** Known to the gateway alone: nobody is ever shown them. */
const KEPT = { secret: 'canary-secret-7Qm4zX1pL9tR2vB8', key: 'canary-key-3nW6yD5kJ0sH7cF1' };

/** The caller's own: never in what the operator reads, and shown to the caller only to compare what it signed. */
const SENT = {
  query: 'canary-query-8eU2aG4mK6xN',
  header: 'canary-header-5rT9wB1qZ3oS',
  body: 'canary-body-2hV7iC0jY4lP',
  ignored: 'canary-ignored-6fX8dM3bE1uA',
};

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi';

interface Sending {
  readonly answer?: string;
  readonly sign?: Partial<SignUrlOptions>;
  readonly alter?: (bytes: string) => string;
  /** Leaves once this has come, rather than waiting for the end. */
  readonly leaveAt?: RegExp;
}

/** Every way in which a request can go wrong that a stranger can cause, and some that only an upstream can. */
const SENDINGS: Sending[] = [
  {},
  { sign: { secret: 'another' } },
  { sign: { id: 'another' } },
  { sign: { expiry: 0, date: '20260101T000000Z' } },
  { sign: { expiry: 999_999_999 } },
  { sign: { date: '20990101T000000Z' } },
  { sign: { extensions: { 'X-Sw-Other': 'x' } } },
  { alter: (bytes) => bytes.replace('X-Foo:', 'X-Bar:') },
  { alter: (bytes) => bytes.replace(/X-Foo: \S+/, 'X-Foo: other') },
  { alter: (bytes) => bytes.replace('POST', 'PUT') },
  { alter: (bytes) => bytes.replace('POST', 'TRACE') },
  { alter: (bytes) => bytes.replace('POST', 'GET') },
  { alter: (bytes) => bytes.replace('POST /?', 'POST /other?') },
  { alter: (bytes) => bytes.replace(/&X-Sw-Expires=\d+/, '') },
  { alter: (bytes) => bytes.replace('X-Sw-Expires=', 'X-Sw-Expires=%zz') },
  { alter: (bytes) => bytes.replace('X-Sw-Expires=', 'X-Sw-Expires=1&X-Sw-Expires=') },
  { alter: (bytes) => bytes.replace('Host: a', 'Host: a b') },
  { alter: (bytes) => bytes.replace('HTTP/1.1', 'HTTP/3.1') },
  { alter: (bytes) => bytes.replace('Connection: close', 'Connection: close, x-foo') },
  { alter: (bytes) => bytes.replace('X-Foo:', 'X-Foo :') },
  { alter: (bytes) => bytes.replace(/Content-Length: \d+/, 'Content-Length: 999999999999') },
  { alter: (bytes) => bytes.replace(/Content-Length: \d+/, 'Content-Length: x') },
  {
    alter: (bytes) =>
      bytes.replace(/Content-Length: \d+/, 'Transfer-Encoding: chunked').replace(/\r\n\r\n/, '\r\n\r\nzz'),
  },
  { alter: (bytes) => bytes.replace('?', `?${SENT.ignored.repeat(1000)}&`) },
  { alter: (bytes) => bytes.replace('X-Foo:', `X-Long: ${SENT.ignored.repeat(2000)}\r\nX-Foo:`) },
  { leaveAt: /^/ },
  { answer: 'HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\nhello', leaveAt: /hello/ },
  { answer: `HTTP/1.1 500 Oh\r\nX-Echo: Bearer ${KEPT.key}\r\nContent-Length: 0\r\n\r\n` },
  { answer: `HTTP/1.1 500 ${KEPT.key}\r\nContent-Length: 0\r\n\r\n` },
  { answer: `HTTP/1.1 307 Go\r\nLocation: /?k=${KEPT.key}\r\nContent-Length: 0\r\n\r\n` },
  { answer: 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: x\n\n' },
  ...[...MALFORMED_RESPONSES, ...TRUNCATED_RESPONSES].map(({ bytes }) => ({ answer: bytes })),
];

const TRANSPORTS = ['http1', 'fetch'] as const;

describe.each(WIRE_FRONTS.flatMap((front) => TRANSPORTS.map((transport) => [front, transport] as const)))(
  'front %s, transport %s:',
  (front, transport) => {
    test('nothing secret is said, written or shown, whatever goes wrong', async () => {
      let next: Sending = {};
      await using upstream = await startUpstream((connection) => answerBy(connection, next));
      await using gateway = await startServe(
        [
          'serve',
          'my-id',
          ...(front === 'tls' ? ['--tls-cert', FILES.cert, '--tls-key', FILES.key] : ['--front', front]),
          '--transport',
          transport,
          '--allow-network',
          '127.0.0.0/8',
          '--head-timeout',
          '500ms',
          '--silence-timeout',
          '500ms',
        ],
        { env: { SW_SECRET: KEPT.secret, SW_HEADERS: `Authorization: Bearer ${KEPT.key}` } },
      );
      const signatures: string[] = [];
      const shown: string[] = [];
      for (const sending of SENDINGS) {
        next = sending;
        const { received, signature } = await send(gateway, { origin: upstream.origin, sending });
        signatures.push(signature);
        shown.push(withoutOwn(received));
      }
      const cmdline = await readFile(`/proc/${gateway.pid}/cmdline`, 'utf8').catch(() => '');
      gateway.kill('SIGTERM');
      const written = await gateway.stdout;
      const said = await gateway.stderr(/^/);
      expect(written.split('\n').length).toBeGreaterThan(SENDINGS.length - 12);
      expect(written).toContain('"upstream_invalid_response"');

      const leaks = (text: string, canaries: readonly string[]) =>
        canaries.filter((canary) => keyFormsIn(text, canary).length > 0);
      for (const text of [written, said]) {
        expect(leaks(text, [...Object.values(KEPT), ...Object.values(SENT), ...signatures])).toEqual([]);
      }
      expect(leaks(cmdline, Object.values(KEPT))).toEqual([]);
      expect(
        leaks(shown.join('\n'), [...Object.values(KEPT), ...Object.values(SENT), ...signatures]),
      ).toEqual([]);
    }, 120_000);
  },
);

function answerBy({ socket, send, receive }: UpstreamConnection, { answer = OK, leaveAt }: Sending): void {
  void receive(new RegExp(SENT.body)).then(() => {
    send(answer);
    if (leaveAt === undefined && answer !== OK) socket.end();
  });
}

async function send(
  gateway: RunningServe,
  { origin, sending }: { origin: string; sending: Sending },
): Promise<{ received: string; signature: string }> {
  const url = signUrl({
    id: 'my-id',
    secret: KEPT.secret,
    host: gateway.url,
    proxyUrl: `${origin}/v1?api_key=${SENT.query}`,
    expiry: 60,
    method: 'POST',
    headers: { 'X-Foo': SENT.header },
    ...sending.sign,
  });
  const target = url.slice(url.indexOf('/?'));
  const fields = `Host: a\r\nConnection: close\r\nX-Foo: ${SENT.header}\r\nContent-Length: ${SENT.body.length}\r\n`;
  const bytes = `POST ${target}&ignored=${SENT.ignored} HTTP/1.1\r\n${fields}\r\n${SENT.body}`;
  const listener = new URL(gateway.url);
  using client = new RawClient({ url: listener, port: Number(listener.port) });
  client.send(sending.alter?.(bytes) ?? bytes);
  if (sending.leaveAt === undefined) await client.finished();
  else {
    await client.receive(sending.leaveAt);
    client.leave();
  }
  return { received: client.received, signature: /X-Sw-Signature=([0-9a-f]+)/.exec(url)![1]! };
}

/** An answer without the two members of a mismatch that show the caller what it sent itself. */
function withoutOwn(received: string): string {
  const { code, text } = readAnswer(received);
  if (code !== 'signature_mismatch') return received;
  const { canonicalRequest, stringToSign, ...rest } = JSON.parse(/\{.*\}/s.exec(text)![0]);
  expect([typeof canonicalRequest, typeof stringToSign]).toEqual(['string', 'string']);
  return received.slice(0, received.indexOf('\r\n\r\n')) + JSON.stringify(rest);
}
