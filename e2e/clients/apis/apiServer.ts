/** A call that an API received. */
export interface ApiCall {
  readonly method: string;
  /** Where the API was called. */
  readonly origin: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Headers;
  /** The body of a call in JSON; of any other, undefined. */
  readonly json: unknown;
  /** The body under its type, to be read in another form. */
  readonly body: Response;
  /** How its answer ended. */
  readonly ended: Promise<'finished' | 'client left'>;
}

export interface ApiServer extends AsyncDisposable {
  readonly origin: string;
  readonly calls: readonly ApiCall[];
  /** Answers stop after that many events until `release`. */
  holdAfter(events: number): void;
  release(): void;
  /** The next call gets this answer in place of its own. */
  failNext(answer: Response): void;
}

export interface ApiDefinition {
  /** Whether the call brings the API's key. */
  isAuthorised(headers: Headers): boolean;
  /** What the API says to one that does not. */
  unauthorised(): Response;
  /** Answers a call, as events of a stream (texts in the form of the wire) or as a whole. */
  answer(call: ApiCall): Answer | Promise<Answer>;
}

export type Answer = Response | readonly string[];

/** A stand-in for an API on a free loopback port, which refuses whoever comes without its key. */
export function startApiServer(definition: ApiDefinition): ApiServer {
  const calls: ApiCall[] = [];
  const failures: Response[] = [];
  let limit = Number.POSITIVE_INFINITY;
  let released = Promise.withResolvers<void>();

  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    idleTimeout: 0,
    development: false,
    async fetch(request) {
      if (!definition.isAuthorised(request.headers)) return definition.unauthorised();
      const { promise: ended, resolve: end } = Promise.withResolvers<'finished' | 'client left'>();
      const { origin, pathname, searchParams } = new URL(request.url);
      const { method, headers } = request;
      const type = headers.get('content-type') ?? '';
      const body = new Response(await request.bytes(), { headers: { 'Content-Type': type } });
      const isJson = /^application\/json\b/.test(type);
      const json: unknown = isJson
        ? await body
            .clone()
            .json()
            .catch(() => undefined)
        : undefined;
      const call: ApiCall = {
        method,
        origin,
        path: pathname,
        query: searchParams,
        headers,
        json,
        body,
        ended,
      };
      calls.push(call);
      const answer = failures.shift() ?? (await definition.answer(call));
      if (!(answer instanceof Response)) return eventStream(answer, end);
      end('finished');
      return answer;
    },
  });

  return {
    origin: `http://127.0.0.1:${server.port}`,
    calls,
    holdAfter(events) {
      limit = events;
      released = Promise.withResolvers();
    },
    release() {
      limit = Number.POSITIVE_INFINITY;
      released.resolve();
    },
    failNext: (answer) => void failures.push(answer),
    [Symbol.asyncDispose]: () => server.stop(true),
  };

  function eventStream(events: readonly string[], end: (how: 'finished' | 'client left') => void): Response {
    const encoder = new TextEncoder();
    let sent = 0;
    const body = new ReadableStream<Uint8Array>({
      async pull(controller) {
        if (sent >= limit) await released.promise;
        const event = events[sent++];
        if (event !== undefined) return controller.enqueue(encoder.encode(event));
        controller.close();
        end('finished');
      },
      cancel: () => end('client left'),
    });
    return new Response(body, { headers: { 'Content-Type': 'text/event-stream; charset=utf-8' } });
  }
}

/** One event, under its name where it has one. */
export function event(data: object | string, name?: string): string {
  const line = typeof data === 'string' ? data : JSON.stringify(data);
  return `${name === undefined ? '' : `event: ${name}\n`}data: ${line}\n\n`;
}

/** The members of a JSON object; of anything else, none. */
export function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}
