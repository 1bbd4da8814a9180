/** What the stand-in upstream remembers of one request. It holds no key: header values are masked. */
export interface RequestRecord {
  /** The client's `X-Client-Request-Id`, or one of our own. */
  id: string;
  method: string;
  /** Path and query as received. */
  path: string;
  /** Name and value, in the order received, every occurrence of the key masked. */
  headers: [name: string, value: string][];
  body: string;
  /** Chunks of the answer written so far, the end mark not counted. */
  events: number;
  /** `client left`: the connection ended before the answer did. */
  state: 'running' | 'finished' | 'refused' | 'client left';
}

/** One request while it is being answered. */
export interface LoggedRequest {
  readonly record: RequestRecord;
  /** Resolves with the record once its state is no longer `running`. */
  readonly ended: Promise<RequestRecord>;
  end(state: Exclude<RequestRecord['state'], 'running'>): void;
}

export interface RequestLog {
  open(request: Request, body: string): LoggedRequest;
  find(id: string): LoggedRequest | undefined;
  /** The request that came last. */
  latest(): LoggedRequest | undefined;
  /** Requests received since the start, refused ones included. */
  received(): number;
  /** Requests whose answer is still being written. */
  running(): number;
}

export interface RequestLogOptions {
  /** The key to mask. */
  key: string;
  /** How many requests are remembered; the oldest are forgotten. Default 100. */
  limit?: number;
}

/**
 * Remembers what the stand-in upstream received, so that the page can show it.
 *
 * **Security.** The record goes to the browser. Every header value that contains the key is masked here,
 * before it is stored, down to `sk-…` and the last four characters.
 */
export function createRequestLog({ key, limit = 100 }: RequestLogOptions): RequestLog {
  const requests = new Map<string, LoggedRequest>();
  let received = 0;
  let running = 0;

  function open(request: Request, body: string): LoggedRequest {
    const url = new URL(request.url);
    const record: RequestRecord = {
      id: request.headers.get('x-client-request-id') ?? crypto.randomUUID(),
      method: request.method,
      path: url.pathname + url.search,
      headers: [...request.headers].map(([name, value]) => [name, value.replaceAll(key, maskKey(key))]),
      body: body.replaceAll(key, maskKey(key)),
      events: 0,
      state: 'running',
    };
    const ended = Promise.withResolvers<RequestRecord>();
    const logged: LoggedRequest = {
      record,
      ended: ended.promise,
      end(state) {
        if (record.state !== 'running') return;
        record.state = state;
        running -= 1;
        ended.resolve(record);
      },
    };
    received += 1;
    running += 1;
    requests.delete(record.id);
    requests.set(record.id, logged);
    for (const oldest of requests.keys()) {
      if (requests.size <= limit) break;
      requests.delete(oldest);
    }
    return logged;
  }

  return {
    open,
    find: (id) => requests.get(id),
    latest: () => [...requests.values()].at(-1),
    received: () => received,
    running: () => running,
  };
}

/** `sk-demo-0123abcd` → `sk-…abcd`; a key too short to show a part of becomes `…`. */
export function maskKey(key: string): string {
  if (key.length < 12) return '…';
  const prefix = key.startsWith('sk-') ? 'sk-' : '';
  return `${prefix}…${key.slice(-4)}`;
}
