import type { CDPSession, Page } from 'playwright';

export interface RecordedTraffic {
  /**
   * All of it up to now, as text; the bytes of bodies as Latin-1.
   *
   * @throws when the browser received bytes that were not recorded: what was not seen must not pass for clean.
   */
  text(): Promise<string>;
}

/**
 * Records everything that the page's network gets and sends, as Chromium's own network layer reports it: requests,
 * preflights, redirects, every header as it was on the wire, and the bytes of every body, also of one that the page
 * reads as a stream or that a navigation makes the browser forget.
 */
export async function recordTraffic(page: Page): Promise<RecordedTraffic> {
  const session = await page.context().newCDPSession(page);
  const events: string[] = [];
  const bodies = new Map<string, RecordedBody>();
  const reading: Promise<void>[] = [];

  const note = (event: unknown) => void events.push(JSON.stringify(event));
  const bodyOf = (id: string): RecordedBody => {
    const body = bodies.get(id) ?? { received: 0, pieces: [], whole: Buffer.alloc(0) };
    bodies.set(id, body);
    return body;
  };
  session.on('Network.requestWillBeSent', note);
  session.on('Network.requestWillBeSentExtraInfo', note);
  session.on('Network.responseReceivedExtraInfo', note);
  session.on('Network.responseReceived', (event) => {
    note(event);
    const body = bodyOf(event.requestId);
    reading.push(
      session.send('Network.streamResourceContent', { requestId: event.requestId }).then(
        // Ahead of the pieces that came while the answer was on its way.
        ({ bufferedData }) => void body.pieces.unshift(Buffer.from(bufferedData, 'base64')),
        () => {},
      ),
    );
  });
  session.on('Network.dataReceived', ({ requestId, dataLength, data }) => {
    const body = bodyOf(requestId);
    body.received += dataLength;
    if (data !== undefined) body.pieces.push(Buffer.from(data, 'base64'));
  });
  session.on('Network.loadingFinished', ({ requestId }) => {
    reading.push(
      wholeBody(session, requestId).then((whole) => {
        bodyOf(requestId).whole = whole;
      }),
    );
  });
  await session.send('Network.enable');

  return {
    async text() {
      await Promise.all(reading);
      const texts = [...bodies.values()].map(({ received, pieces, whole }) => {
        const streamed = Buffer.concat(pieces);
        if (Math.max(streamed.length, whole.length) < received) {
          throw new Error(`of ${received} bytes ${Math.max(streamed.length, whole.length)} were recorded`);
        }
        return `${streamed.toString('latin1')}\n${whole.toString('latin1')}`;
      });
      return [...events, ...texts].join('\n');
    },
  };
}

interface RecordedBody {
  /** Bytes that the browser has received. */
  received: number;
  /** As they came; a body that has ended before they could be asked for has none. */
  pieces: Buffer[];
  /** As the browser kept it; of one that the page reads as a stream it keeps nothing. */
  whole: Buffer;
}

async function wholeBody(session: CDPSession, requestId: string): Promise<Buffer> {
  const kept = await session.send('Network.getResponseBody', { requestId }).catch(() => null);
  return kept === null ? Buffer.alloc(0) : Buffer.from(kept.body, kept.base64Encoded ? 'base64' : 'utf8');
}
