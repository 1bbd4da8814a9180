/** A call as the page made it, in a form that can be sent more than once. */
export interface PageRequest {
  readonly method: string;
  /** Absolute, without a fragment. */
  readonly url: string;
  readonly signal: AbortSignal | undefined;
  /** Whether its body can be sent a second time: a stream cannot. */
  readonly repeatable: boolean;
  /** The bytes of the body, which from then on are what is sent. */
  bytes(): Promise<Uint8Array<ArrayBuffer>>;
  /** What to hand to `fetch` beside the URL. */
  init(): RequestInit;
}

/**
 * Reads the arguments of a `fetch`. `Authorization` is dropped: the key is the gateway's to add. Credentials
 * are never sent: the gateway takes none, and its answers would be kept from a page that sent some.
 */
export async function readPageRequest(
  input: RequestInfo | URL,
  { body: given, ...init }: RequestInit = {},
): Promise<PageRequest> {
  // The platform's own reading of the method, a relative URL and the headers.
  const request = new Request(input, init);
  const headers = new Headers(request.headers);
  headers.delete('authorization');
  let body = given === undefined && input instanceof Request ? await heldBody(request) : given;
  const signal = init.signal ?? (input instanceof Request ? input.signal : undefined);
  return {
    method: request.method,
    url: request.url.split('#', 1)[0]!,
    signal,
    get repeatable() {
      return !(body instanceof ReadableStream);
    },
    async bytes() {
      const whole = new Response(body ?? null);
      // Only now is a form's boundary chosen.
      const type = whole.headers.get('content-type');
      if (type !== null && !headers.has('content-type')) headers.set('content-type', type);
      const bytes = new Uint8Array(await whole.arrayBuffer());
      if (body != null) body = bytes;
      return bytes;
    },
    init: () => ({
      cache: request.cache,
      integrity: request.integrity,
      keepalive: request.keepalive,
      redirect: request.redirect,
      ...init,
      method: request.method,
      headers,
      credentials: 'omit',
      referrerPolicy: 'no-referrer',
      ...(signal && { signal }),
      ...(body != null && { body }),
      ...(body instanceof ReadableStream && { duplex: 'half' }),
    }),
  };
}

/** A Request's body is held, since a browser sends a stream over HTTP/2 alone. */
async function heldBody(request: Request): Promise<Blob | null> {
  const body = await request.blob();
  return body.size === 0 ? null : body;
}
