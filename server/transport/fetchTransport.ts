import { isIP } from 'node:net';
import { startTimer } from '../startTimer.ts';
import {
  type AbortListener,
  type AnswerBody,
  type BodySink,
  type Cancellation,
  type Ending,
  type Transport,
  TransportError,
  type UpstreamAnswer,
  type UpstreamRequest,
} from './transport.ts';

export interface FetchTransportOptions {
  /** PEM certificates of authorities to trust beside the system's. */
  ca?: string;
}

/**
 * The upstream's side by Bun's `fetch`. What it cannot do is listed with the contract's tests: above all it
 * runs 256 requests at a time unless `BUN_CONFIG_MAX_HTTP_REQUESTS` was set before the process started.
 *
 * **Security**: connects to the checked address; for https the certificate is verified against the name.
 * Redirects come back as they are, the environment's proxies are ignored, nothing is decompressed.
 */
export function createFetchTransport({ ca }: FetchTransportOptions = {}): Transport {
  const connections = { active: 0, idle: 0 };
  // A tls object has a pool of its own, so that a connection made for one name never serves another.
  const tlsByName = new Map<string, Bun.TLSOptions>();
  const closed = new AbortController();

  return {
    name: 'fetch',
    connections,
    close: () => closed.abort(),

    async send(request, signal) {
      const exchange = new FetchExchange([signal, closed.signal]);
      const started = performance.now();
      const headDeadline = exchange.deadline(request.deadlines.connect + request.deadlines.head, 'head');
      exchange.deadline(request.deadlines.total, 'total');
      connections.active++;
      exchange.onRelease(() => connections.active--);
      try {
        const response = await fetch(urlOf(request), {
          method: request.method,
          headers: headersOf(request),
          body: bodyOf(request),
          redirect: 'manual',
          decompress: false,
          proxy: false,
          timeout: false,
          signal: exchange.signal,
          ...(request.scheme === 'https' ? { tls: tlsOf(request.hostname) } : {}),
        } as unknown as BunFetchRequestInit);
        clearTimeout(headDeadline);
        return answerOf(response, { exchange, request, head: performance.now() - started });
      } catch (error) {
        exchange.release();
        throw transportError(error, exchange);
      }
    },
  };

  function tlsOf(hostname: string): Bun.TLSOptions {
    const known = tlsByName.get(hostname);
    if (known !== undefined) return known;
    const tls: Bun.TLSOptions = { rejectUnauthorized: true, ...(ca === undefined ? {} : { ca }) };
    if (isIP(hostname.replace(/^\[|\]$/g, '')) === 0) tls.serverName = hostname;
    if (tlsByName.size >= MAX_NAMES) tlsByName.delete(tlsByName.keys().next().value!);
    tlsByName.set(hostname, tls);
    return tls;
  }
}

const MAX_NAMES = 1000;

/** One request's signal, its deadlines and what it holds. */
class FetchExchange implements AbortListener {
  expired: 'head' | 'silence' | 'total' | null = null;
  readonly #controller = new AbortController();
  readonly #timers: (Timer | undefined)[] = [];
  readonly #sources: Cancellation[];
  readonly #released: (() => void)[] = [];

  constructor(sources: Cancellation[]) {
    this.#sources = sources;
    for (const source of sources) {
      if (source.aborted) this.abort();
      source.addEventListener('abort', this);
    }
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  abort(): void {
    this.#controller.abort();
  }

  handleEvent(): void {
    this.abort();
  }

  onRelease(release: () => void): void {
    this.#released.push(release);
  }

  deadline(ms: number, name: 'head' | 'silence' | 'total'): Timer | undefined {
    if (ms === 0) return undefined;
    const timer = startTimer(() => {
      this.expired = name;
      this.abort();
    }, ms);
    this.#timers.push(timer);
    return timer;
  }

  release(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    for (const source of this.#sources) source.removeEventListener('abort', this);
    for (const released of this.#released.splice(0)) released();
  }
}

function urlOf({ scheme, address, port, target }: UpstreamRequest): string {
  return `${scheme}://${address.includes(':') ? `[${address}]` : address}:${port}${target}`;
}

/** Bun frames a stream by the length that it finds among the headers, and in chunks without one. */
function headersOf({ headers, body }: UpstreamRequest): [string, string][] {
  const pairs = headers.map(([name, value]): [string, string] => [name, value]);
  if (body !== null && !(body instanceof Uint8Array) && body.length !== null) {
    pairs.push(['Content-Length', String(body.length)]);
  }
  return pairs;
}

function bodyOf({ body }: UpstreamRequest): BodyInit | null {
  if (body === null) return null;
  return (body instanceof Uint8Array ? body : body.stream) as BodyInit;
}

function answerOf(
  response: Response,
  { exchange, request, head }: { exchange: FetchExchange; request: UpstreamRequest; head: number },
): UpstreamAnswer {
  const { body } = response;
  if (body === null) exchange.release();
  return {
    status: response.status,
    statusText: response.statusText,
    headers: [...response.headers],
    timing: { reused: null, connect: null, head },
    body:
      body === null ? NO_BODY : streamBody(body, { response, exchange, silence: request.deadlines.silence }),
  };
}

const NO_BODY: AnswerBody = {
  whole: new Uint8Array(0),
  framing: 'none',
  pipe: async () => ({ kind: 'complete' }),
  cancel: () => {},
};

function streamBody(
  stream: ReadableStream<Uint8Array>,
  { response, exchange, silence }: { response: Response; exchange: FetchExchange; silence: number },
): AnswerBody {
  return {
    whole: null,
    framing: response.headers.has('content-length')
      ? 'length'
      : response.headers.has('transfer-encoding')
        ? 'chunked'
        : 'close',
    async pipe(sink, options) {
      const ending = await pump(stream, { sink, exchange, silence: options?.silence ?? silence });
      exchange.release();
      return ending;
    },
    cancel() {
      exchange.abort();
      exchange.release();
    },
  };
}

async function pump(
  stream: ReadableStream<Uint8Array>,
  { sink, exchange, silence }: { sink: BodySink; exchange: FetchExchange; silence: number },
): Promise<Ending> {
  try {
    const reader = stream.getReader();
    for (;;) {
      const timer = exchange.deadline(silence, 'silence');
      const { done, value } = await reader.read();
      clearTimeout(timer);
      if (exchange.signal.aborted) return endingOfAbort(exchange);
      if (done) return { kind: 'complete' };
      if (!(await taken(sink, value))) {
        exchange.abort();
        return { kind: 'aborted' };
      }
    }
  } catch (error) {
    if (exchange.signal.aborted) return endingOfAbort(exchange);
    exchange.abort();
    return { kind: 'broken', reason: `body: ${codeOf(error)}` };
  }
}

/** False when the reader has failed. */
async function taken(sink: BodySink, bytes: Uint8Array): Promise<boolean> {
  try {
    await sink.write(bytes);
    return true;
  } catch {
    return false;
  }
}

function endingOfAbort({ expired }: FetchExchange): Ending {
  return expired === null || expired === 'head'
    ? { kind: 'aborted' }
    : { kind: 'timed_out', deadline: expired };
}

function transportError(error: unknown, exchange: FetchExchange): TransportError {
  if (exchange.expired !== null)
    return new TransportError('upstream_timeout', `${exchange.expired} deadline`);
  if (exchange.signal.aborted) return new TransportError('aborted', 'aborted');
  const code = codeOf(error);
  if (INVALID_ANSWER.test(code)) return new TransportError('upstream_invalid_response', `head: ${code}`);
  return new TransportError('upstream_unreachable', `connect: ${code}`);
}

/** `InvalidHTTPResponse`, `Malformed_HTTP_Response` and their like; OpenSSL's codes are all capitals. */
const INVALID_ANSWER = /HTTPResponse|HTTP_Response|ResponseHeaders|TransferEncoding|ContentLength/;

/** Bun's code for an error, which names its kind alone; the message may hold the URL. */
function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' && /^\w+$/.test(code) ? code : 'unknown';
}
