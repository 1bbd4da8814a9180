import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2';
import { CA } from './certificates.ts';

/** One connection over HTTP/2 to a gateway with the tests' certificate. */
export class Http2Client implements Disposable {
  /** The names in the server's certificate; '' where no connection came about. */
  readonly certificate: Promise<string>;
  /** Resolves when the server has said that it takes no more requests on this connection. */
  readonly goAway: Promise<void>;
  readonly #session: ClientHttp2Session;

  constructor(url: URL | string, { ca = CA, checksName = true } = {}) {
    const options = { ca, ...(checksName ? {} : { checkServerIdentity: () => undefined }) };
    this.#session = connect(new URL(url).origin, options);
    this.#session.on('error', () => {});
    this.certificate = new Promise((resolve) => {
      this.#session.once('connect', (_, socket) => {
        resolve((socket as import('node:tls').TLSSocket).getPeerCertificate().subjectaltname ?? '');
      });
      this.#session.once('close', () => resolve(''));
    });
    this.goAway = new Promise((resolve) => this.#session.once('goaway', () => resolve()));
  }

  /** Begins a request. A body of null is one that `write` and `end` send. */
  request(
    url: string,
    {
      method = 'GET',
      headers = {},
      body = '',
    }: { method?: string; headers?: Record<string, string>; body?: string | null } = {},
  ): Http2Request {
    const { pathname, search } = new URL(url);
    const stream = this.#session.request(
      { ...headers, ':method': method, ':path': pathname + search },
      { endStream: body === '' },
    );
    if (body !== null && body !== '') stream.end(body);
    return new Http2Request(stream);
  }

  /** Leaves, with every request that is under way. */
  leave(): void {
    this.#session.destroy();
  }

  [Symbol.dispose](): void {
    this.#session.destroy();
  }
}

/** One request and what has come of its answer. */
export class Http2Request {
  status = 0;
  headers: Readonly<Record<string, string | string[] | undefined>> = {};
  received = '';
  /** `reset`: by the server, with an error. */
  ended: 'open' | 'whole' | 'reset' = 'open';
  readonly #stream: ClientHttp2Stream;
  readonly #waiting: { until: () => boolean; resolve: () => void }[] = [];

  constructor(stream: ClientHttp2Stream) {
    this.#stream = stream;
    stream.on('response', (headers) => {
      this.status = headers[':status'] ?? 0;
      this.headers = headers as typeof this.headers;
      this.#check();
    });
    stream.on('data', (bytes: Buffer) => {
      this.received += bytes.toString('latin1');
      this.#check();
    });
    stream.on('error', () => {
      this.ended = 'reset';
      this.#check();
    });
    stream.on('end', () => {
      if (this.ended === 'open' && stream.rstCode === 0) this.ended = 'whole';
      this.#check();
    });
    stream.on('close', () => {
      if (this.ended === 'open') this.ended = stream.rstCode === 0 ? 'whole' : 'reset';
      this.#check();
    });
  }

  write(text: string): void {
    this.#stream.write(text);
  }

  end(): void {
    this.#stream.end();
  }

  /** Resolves with the answer's status once its head is there. */
  async head(): Promise<number> {
    await this.#until(() => this.status !== 0);
    return this.status;
  }

  /** Resolves when what was received matches, or the answer has ended. */
  async receive(pattern: RegExp): Promise<string> {
    await this.#until(() => pattern.test(this.received));
    return this.received;
  }

  /** Resolves with how the answer ended. */
  async finished(): Promise<'whole' | 'reset'> {
    await this.#until(() => this.ended !== 'open');
    return this.ended as 'whole' | 'reset';
  }

  pause(): void {
    this.#stream.pause();
  }

  /** Leaves this request alone (RST_STREAM with CANCEL). */
  leave(): void {
    this.#stream.close(8);
  }

  async #until(until: () => boolean): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push({ until, resolve });
    this.#check();
    await promise;
  }

  #check(): void {
    for (const waiting of this.#waiting.splice(0)) {
      if (waiting.until() || this.ended !== 'open') waiting.resolve();
      else this.#waiting.push(waiting);
    }
  }
}
