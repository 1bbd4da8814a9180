import { allFields, type ClientAnswer, type StreamedBody } from '../../clientAnswer.ts';
import { isEventStream } from '../../eventStream.ts';
import { startTimer } from '../../startTimer.ts';
import type { HeaderPairs } from '../../transport/transport.ts';

export interface BunResponseOptions {
  readonly request: Request;
  /** Milliseconds for which a client may take nothing of what waits for it; 0: any. */
  readonly sendTimeout: number;
  /** Told when the answer has ended, or is about to. */
  sent(): void;
}

/** Turns an answer into what `Bun.serve` sends. A body that broke off breaks the client's connection. */
export function bunResponse(answer: ClientAnswer, options: BunResponseOptions): Response {
  const { request } = options;
  const { status, body } = answer;
  const headers = new Headers(allFields(answer) as [string, string][]);
  if (body !== null && !(body instanceof Uint8Array)) {
    if (request.signal.aborted) {
      // Nobody would ask the stream for anything, and the exchange would never end.
      void body.pipe({ write: () => undefined });
      return new Response(null, { status, headers });
    }
    const withComment = mayBeginWithComment(request, allFields(answer));
    return new Response(streamed(body, { ...options, withComment }), { status, headers });
  }
  options.sent();
  if (body === null) return new Response(null, { status, headers });
  const isTyped = request.method === 'HEAD' || headers.has('content-type');
  return new Response(isTyped ? (body as BodyInit) : untyped(body), { status, headers });
}

/** Bun.serve invents a `Content-Type` for bytes, not for a stream; one that ends at once keeps its length. */
function untyped(bytes: Uint8Array): ReadableStream {
  return direct((controller) => {
    controller.write(bytes);
    controller.end();
  });
}

function streamed(
  body: StreamedBody,
  { withComment, sendTimeout, sent }: BunResponseOptions & { withComment: boolean },
): ReadableStream {
  return direct(async (controller) => {
    let comment: Timer | undefined;
    if (withComment) comment = setTimeout(() => controller.write(COMMENT), COMMENT_AFTER_MS);
    const ending = await body.pipe({
      write(bytes) {
        clearTimeout(comment);
        return writePieces(bytes, { controller, sendTimeout });
      },
    });
    clearTimeout(comment);
    sent();
    if (ending === 'whole') {
      controller.end();
      return;
    }
    throw new BrokenOff();
  });
}

/**
 * Bun.serve holds the end of an answer's head back until the first byte of its body, so that a page would
 * learn of a silent event stream only at its first event. A comment line releases it: parsers skip it (HTML,
 * section 9.2.6), but one old API client is known to fail on it, so it goes only to clients whose `Accept`
 * names event streams, and never into an encoded body.
 */
function mayBeginWithComment(request: Request, headers: HeaderPairs): boolean {
  return (
    isEventStream(headers) &&
    !headers.some(([name]) => name.toLowerCase() === 'content-encoding') &&
    /\btext\/event-stream\b/i.test(request.headers.get('accept') ?? '')
  );
}

const COMMENT = new TextEncoder().encode(':\n\n');

/** How long the first byte of an event stream may take before a comment line releases the answer's head. */
const COMMENT_AFTER_MS = 20;

interface Writing {
  readonly controller: DirectController;
  readonly sendTimeout: number;
}

/** In pieces, as Bun tells of each write only when all of it was taken: a slow client would seem to take nothing. */
function writePieces(bytes: Uint8Array, writing: Writing): undefined | Promise<void> {
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
    const end = at + PIECE_BYTES;
    const room = writing.controller.write(bytes.subarray(at, end));
    if (typeof room === 'number') continue;
    return taken(room, writing.sendTimeout).then(() => writePieces(bytes.subarray(end), writing));
  }
  return undefined;
}

const PIECE_BYTES = 64 * 1024;

/** Rejects when the client has taken nothing for so long. */
async function taken(room: Promise<unknown>, timeout: number): Promise<void> {
  if (timeout === 0) {
    await room;
    return;
  }
  const { promise: tooLate, reject } = Promise.withResolvers<never>();
  const timer = startTimer(() => reject(new BrokenOff()), timeout);
  try {
    await Promise.race([room, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}

/** Rejecting a stream with anything breaks the client's connection; this says nothing to nobody. */
class BrokenOff extends Error {}

interface DirectController {
  /** A promise while the client reads more slowly than is written. */
  write(bytes: Uint8Array): number | Promise<number>;
  end(): void;
}

/** Bun's direct stream: what is written goes to the socket without a queue in between. */
function direct(pull: (controller: DirectController) => void | Promise<void>): ReadableStream {
  return new ReadableStream({ type: 'direct', pull } as unknown as UnderlyingDefaultSource);
}
