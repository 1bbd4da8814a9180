import { describe, expect, test } from 'bun:test';
import { startGateway, type TestGateway, WIRE_FRONTS } from '../testing/gateway.ts';
import { startUpstream } from '../testing/scriptedUpstream.ts';
import { MALFORMED_RESPONSES, TRUNCATED_RESPONSES } from '../transport/testing/malformedResponses.ts';

const BROKEN = [...MALFORMED_RESPONSES, ...TRUNCATED_RESPONSES];
const LEAVES = ['ends', 'is reset'] as const;

describe.each(WIRE_FRONTS)('front %s: never shown as whole is', (front) => {
  for (const leave of LEAVES) {
    test.each(BROKEN)(`$name, when the connection ${leave}`, async ({ bytes }) => {
      await using upstream = await startUpstream(({ send, socket }) => {
        send(bytes);
        if (leave === 'ends') socket.end();
        // After what was sent has gone: a reset would overtake it.
        else setTimeout(() => socket.resetAndDestroy(), 5);
      });
      await using gateway = startGateway({ front });
      expect(await seen(gateway, gateway.sign(`${upstream.origin}/`))).toBe('broken');
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
