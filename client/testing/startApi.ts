/** What an API received. */
export interface ReceivedCall {
  method: string;
  path: string;
  headers: Headers;
  body: string;
}

export interface TestApi extends AsyncDisposable {
  readonly origin: string;
  readonly received: readonly ReceivedCall[];
}

/** An API on a free loopback port that keeps what it received. */
export function startApi(
  answer: (call: ReceivedCall, request: Request) => Response | Promise<Response> = () =>
    Response.json({ ok: true }),
): TestApi {
  const received: ReceivedCall[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    idleTimeout: 0,
    async fetch(request) {
      const { pathname, search } = new URL(request.url);
      const { method, headers } = request;
      const call = { method, path: pathname + search, headers, body: await request.text() };
      received.push(call);
      return answer(call, request);
    },
  });
  return {
    origin: `http://127.0.0.1:${server.port}`,
    received,
    [Symbol.asyncDispose]: () => server.stop(true),
  };
}
