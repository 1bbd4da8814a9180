/** One event of a `text/event-stream` body. */
export interface StreamEvent {
  /** The `event` field; `message` where there is none. */
  type: string;
  /** The `data` lines, joined by newlines. */
  data: string;
}

/**
 * Reads an event stream (HTML Living Standard, section 9.2.6): lines may end in CRLF, LF or CR, an event may
 * be cut anywhere, inside a character or between CR and LF, and comments are skipped. An event that the
 * body's end cuts off is dropped, as the standard says.
 *
 * @throws whatever the body's reader throws when the connection breaks.
 */
export async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<StreamEvent> {
  let type = '';
  let data: string[] = [];
  for await (const line of readLines(body)) {
    if (line === '') {
      if (data.length > 0) yield { type: type || 'message', data: data.join('\n') };
      type = '';
      data = [];
      continue;
    }
    const colon = line.indexOf(':');
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'data') data.push(value);
    else if (field === 'event') type = value;
  }
}

async function* readLines(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  // The decoder keeps the first bytes of a split character, and drops a leading byte-order mark.
  const decoder = new TextDecoder();
  const reader = body.getReader();
  let rest = '';
  let afterCarriageReturn = false;
  try {
    while (true) {
      const { done, value } = await reader.read();
      if (done) return;
      let text = decoder.decode(value, { stream: true });
      if (text === '') continue;
      // A CR ends its line at once; an LF that opens the next chunk belongs to it.
      if (afterCarriageReturn && text.startsWith('\n')) text = text.slice(1);
      afterCarriageReturn = text.endsWith('\r');
      const lines = (rest + text).split(/\r\n|\n|\r/);
      rest = lines.pop() ?? '';
      yield* lines;
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}
