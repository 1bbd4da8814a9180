import { describe, expect, test } from 'bun:test';
import { startGateway, type TestGateway, WIRE_FRONTS } from '../testing/gateway.ts';
import { Http2Client } from '../testing/http2Client.ts';
import { startUpstream } from '../testing/scriptedUpstream.ts';
import { MALFORMED_RESPONSES, TRUNCATED_RESPONSES } from '../transport/testing/malformedResponses.ts';

const BROKEN = [...MALFORMED_RESPONSES, ...TRUNCATED_RESPONSES];
const LEAVES = ['ends', 'is reset'] as const;

/** HTTP/2 is no front of its own, but has ends of its own. */
describe.each([...WIRE_FRONTS, 'tls, over HTTP/2'])('front %s: never shown as whole is', (name) => {
  const front = WIRE_FRONTS.find((each) => each === name) ?? 'tls';
  for (const leave of LEAVES) {
    test.each(BROKEN)(`$name, when the connection ${leave}`, async ({ bytes }) => {
      await using upstream = await startUpstream(({ send, socket }) => {
        send(bytes);
        if (leave === 'ends') socket.end();
        // After what was sent has gone: a reset would overtake it.
        else setTimeout(() => socket.resetAndDestroy(), 5);
      });
      await using gateway = startGateway({ front });
      const url = gateway.sign(`${upstream.origin}/`);
      expect(await (front === name ? seen(gateway, url) : seenOverHttp2(gateway, url))).toBe('broken');
    });
  }
});

/** What a client makes of it. A refusal of the gateway is whole, and says that the answer is not. */
async function seen(gateway: TestGateway, url: string): Promise<'whole' | 'broken'> {
  try {
    const answer = await gateway.ask(url, { decompress: false });
    await answer.bytes();
    return answer.status === 502 && answer.headers.has('x-sw-error') ? 'broken' : 'whole';
  } catch {
    return 'broken';
  }
}

async function seenOverHttp2(gateway: TestGateway, url: string): Promise<'whole' | 'broken'> {
  using client = new Http2Client(gateway.url);
  const request = client.request(url);
  if ((await request.finished()) === 'reset') return 'broken';
  return request.status === 502 && 'x-sw-error' in request.headers ? 'broken' : 'whole';
}
