/** What a reader of messages calls, in the order of the wire. */
export interface MessageParts {
  /** `startLine` is the request's or the status line; names are in lower case. */
  head(startLine: string, headers: ReadonlyMap<string, string>): void;
  body(bytes: Uint8Array): void;
  end(): void;
}

/**
 * Reads HTTP/1.1 messages, requests or answers, as their bytes come: bodies by Content-Length or in chunks, and
 * no body where neither is named. For the bench's own clients and upstreams, which meet no hostile peer.
 *
 * @throws {Error} for what it cannot read
 */
export function createMessageReader(parts: MessageParts): (bytes: Uint8Array) => void {
  let state: 'head' | 'length' | 'size' | 'chunk' | 'trailers' = 'head';
  let text = '';
  let left = 0;

  return (bytes) => {
    let at = 0;
    while (at < bytes.length) {
      if (state === 'length' || state === 'chunk') at += takeBody(bytes, at);
      else at += takeText(bytes, at);
    }
  };

  function takeBody(bytes: Uint8Array, at: number): number {
    const part = bytes.subarray(at, at + left);
    left -= part.length;
    // A chunk's own line end is the last two bytes that are left of it.
    const own = state === 'chunk' ? part.subarray(0, Math.max(0, part.length - Math.max(0, 2 - left))) : part;
    if (own.length > 0) parts.body(own);
    if (left === 0 && state === 'chunk') state = 'size';
    else if (left === 0) finish();
    return part.length;
  }

  function takeText(bytes: Uint8Array, at: number): number {
    const line = bytes.indexOf(LINE_FEED, at);
    const until = line === -1 ? bytes.length : line + 1;
    text += Buffer.from(bytes.buffer, bytes.byteOffset + at, until - at).toString('latin1');
    if (text.length > MAX_TEXT) throw new Error('a head that does not end');
    if (line !== -1) takeLine();
    return until - at;
  }

  function takeLine(): void {
    if (state === 'head') {
      if (text.endsWith('\r\n\r\n')) takeHead();
    } else if (state === 'size') {
      left = Number.parseInt(text, 16);
      if (Number.isNaN(left)) throw new Error(`no chunk size: ${text}`);
      text = '';
      state = left === 0 ? 'trailers' : 'chunk';
      left += 2;
    } else {
      if (text === '\r\n') finish();
      text = '';
    }
  }

  function takeHead(): void {
    const [startLine, ...lines] = text.trimEnd().split('\r\n') as [string, ...string[]];
    const headers = new Map<string, string>();
    for (const line of lines) {
      const colon = line.indexOf(':');
      headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
    }
    text = '';
    if (headers.get('transfer-encoding')?.toLowerCase() === 'chunked') state = 'size';
    else {
      left = Number(headers.get('content-length') ?? 0);
      state = 'length';
    }
    parts.head(startLine, headers);
    if (state === 'length' && left === 0) finish();
  }

  function finish(): void {
    state = 'head';
    text = '';
    parts.end();
  }
}

const LINE_FEED = 10;
const MAX_TEXT = 65_536;
