import { describe, expect, test } from 'bun:test';
import { REFUSALS, type RefusalCode } from '../../signing/refusal.ts';
import { type Front, startGateway, type TestGatewayOptions, WIRE_FRONTS } from './gateway.ts';
import { RawClient } from './rawClient.ts';
import { startUpstream, type UpstreamConnection } from './scriptedUpstream.ts';

export interface WireAttack extends TestGatewayOptions {
  /**
   * The bytes, as latin-1. `QUERY` stands for the query of a URL that is signed for `method` and goes to the
   * path `/signed` of the upstream; `SMUGGLED` for a whole valid request that goes to its path `/smuggled`, and
   * `LENGTH` and `HEXLENGTH` for that one's length.
   */
  readonly bytes: string;
  /** What follows the bytes. Default: `SMUGGLED`. */
  readonly cargo?: string;
  /** Default: the bytes' own first word. */
  readonly method?: string | undefined;
  readonly front: Front;
  /** One byte at a time, each in a turn of its own. Default: all at once. */
  readonly byteByByte?: boolean;
  /** Sends the first head, waits for its answer, and only then sends what follows. */
  readonly waitsAfterHead?: boolean;
  /** What the upstream does when the head of a request has come. Default: 200 once the body is whole. */
  readonly script?: ((connection: UpstreamConnection, head: string) => void) | undefined;
}

/** What a stranger gets for its bytes: a refusal's code, a bare status, an upstream's answer, or nothing. */
export type Answer = RefusalCode | number | 'served' | 'closed';

export interface AttackOutcome {
  /** Every answer on the connection, in order. `closed` alone when there was none. */
  readonly answers: readonly Answer[];
  /** Paths of the upstream at which requests arrived. */
  readonly reached: readonly string[];
  /** Everything that came back. */
  readonly received: string;
  /** Everything that the upstream received because of the attack. */
  readonly forwarded: string;
}

/**
 * Sends raw bytes to a gateway of their own and behind them a valid request, which must never be read as one;
 * waits until the gateway has closed the connection; then makes sure that it still serves others, which also
 * settles that nothing of the attack is still on its way to the upstream.
 */
export async function attack(options: WireAttack): Promise<AttackOutcome> {
  const {
    bytes,
    method,
    byteByByte = false,
    script = answerWhole,
    cargo = 'SMUGGLED',
    waitsAfterHead = false,
    ...gatewayOptions
  } = options;
  const connections = new Set<UpstreamConnection>();
  const reached: string[] = [];
  let healthy = false;
  await using upstream = await startUpstream((connection, head) => {
    if (healthy) return connection.send(OK);
    connections.add(connection);
    reached.push(head.split(' ')[1]!);
    return script(connection, head);
  });
  await using gateway = startGateway(gatewayOptions);
  const query = (path: string, signedFor: string) => {
    const url = gateway.sign(upstream.origin + path, { method: signedFor });
    return url.slice(url.indexOf('?') + 1);
  };
  const smuggled = `GET /?${query('/smuggled', 'GET')} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`;
  const signedFor = method ?? /^\S+/.exec(bytes)?.[0] ?? 'GET';
  const text = (bytes + cargo)
    .replaceAll('QUERY', () => query('/signed', signedFor))
    .replaceAll('HEXLENGTH', smuggled.length.toString(16))
    .replaceAll('LENGTH', String(smuggled.length))
    .replaceAll('SMUGGLED', () => smuggled);
  using client = new RawClient(gateway);
  await deliver(client, { text, byteByByte, waitsAfterHead });
  const received = await client.finished();
  healthy = true;
  await gateway.ask(gateway.sign(`${upstream.origin}/healthy`));
  const forwarded = [...connections].map((connection) => connection.received).join('');
  return { answers: answersIn(received), reached, received, forwarded };
}

/**
 * A case of a table of attacks: what is sent, what it gets from the gateway's own front and, where Bun.serve
 * does otherwise, from that. `null` where Bun.serve lets it through, or waits.
 */
export type WireCase = readonly [name: string, bytes: string, own: Answer, bun?: Answer | null];

/**
 * Tests that each case gets exactly its one answer from every front, that the connection is closed, and that the
 * upstream sees no connection; whether the bytes come at once or one by one.
 */
export function refusesEach(
  cases: readonly WireCase[],
  options: Partial<Omit<WireAttack, 'bytes' | 'front'>> & { reachesUpstream?: 'never whole' } = {},
): void {
  const { reachesUpstream, ...attackOptions } = options;
  describe.each(WIRE_FRONTS)('front %s', (front) => {
    for (const [name, bytes, own, bun = own] of cases) {
      const expected = front !== 'http1' ? bun : own;
      if (expected === null) continue;
      for (const byteByByte of [false, true]) {
        // A flood is not sent byte by byte: it would take minutes, and show the same.
        if (byteByByte && bytes.length > LONGEST_BYTE_BY_BYTE) continue;
        test(`${name}${byteByByte ? ', byte by byte' : ''}`, async () => {
          const outcome = await attack({ ...attackOptions, bytes, front, byteByByte });
          expect(outcome.answers[0]).toBe(expected);
          expect(outcome.forwarded).not.toContain('\r\n0\r\n\r\n');
          if (reachesUpstream === undefined) expect(outcome.reached).not.toContain('/signed');
          // Bun.serve knows where a request ends that only the gateway refuses, and may go on behind it.
          if (front !== 'http1' && Object.hasOwn(REFUSALS, expected)) return;
          expect(outcome.answers).toHaveLength(1);
          expect(outcome.reached).not.toContain('/smuggled');
        }, 30_000);
      }
    }
  });
}

const LONGEST_BYTE_BY_BYTE = 2000;
// Closed, so that what comes next comes on a connection of its own and is told apart.
const OK = 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi';

/** Answers when the request is whole, so that no answer comes before its body's faults. */
function answerWhole({ received, receive, send }: UpstreamConnection, head: string): void {
  const before = received.lastIndexOf(head) + head.length;
  if (!/\r\nTransfer-Encoding: chunked\r\n/i.test(head)) {
    send(OK);
    return;
  }
  receive(new RegExp(`^[^]{${before},}0\\r\\n\\r\\n$`)).then(() => send(OK));
}

async function deliver(
  client: RawClient,
  { text, byteByByte, waitsAfterHead }: { text: string; byteByByte: boolean; waitsAfterHead: boolean },
): Promise<void> {
  if (waitsAfterHead) {
    const headEnd = text.indexOf('\r\n\r\n') + 4;
    await client.send(text.slice(0, headEnd)).receive(/\r\n\r\n/);
    client.send(text.slice(headEnd));
    return;
  }
  if (!byteByByte) {
    client.send(text);
    return;
  }
  for (const byte of Buffer.from(text, 'latin1')) {
    if (client.ended !== 'open') return;
    client.send(Uint8Array.of(byte));
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** The answers in a connection's bytes, interim ones (1xx) left out. */
function answersIn(received: string): Answer[] {
  const answers: Answer[] = [];
  // A body's last line has no end: the next answer's status line may stand right behind it.
  for (const [head] of received.matchAll(/HTTP\/1\.[01] [2-9]\d\d[^\r]*\r\n(?:[^\r\n]+\r\n)*\r?\n?/g)) {
    answers.push(answerIn(head));
  }
  return answers.length === 0 ? ['closed'] : answers;
}

function answerIn(head: string): Answer {
  const code = /^X-Sw-Error: (\S+)\r/im.exec(head)?.[1];
  if (code !== undefined && Object.hasOwn(REFUSALS, code)) return code as RefusalCode;
  return /^X-Sw-Request-Id: /im.test(head) ? 'served' : Number(head.split(' ')[1]);
}
