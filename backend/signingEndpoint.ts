/** Answers the page's request for a signature; what a fetch-style server or framework takes as a route. */
export type SigningEndpoint = (request: Request) => Promise<Response>;

/**
 * Tells who is asking, by a session's cookie for example: the end user's name, 1 to 128 printable ASCII characters,
 * which is signed as the subject; null for nobody. It must not read the request's body.
 */
export type Authorize = (request: Request) => string | null | Promise<string | null>;

/**
 * The frame of an endpoint that signs for a page: `POST` with JSON, from someone who is known.
 *
 * **Security**: only `application/json` is read, which a page of another origin cannot send without asking first,
 * and nobody answers its question; so a visitor's cookies sign for this origin's pages alone. Nothing that was sent
 * is in an answer.
 *
 * @param sign makes the URL for the end user from what was sent, or says why not
 */
export function signingEndpoint(
  authorize: Authorize,
  sign: (asked: Readonly<Record<string, unknown>>, subject: string) => string | Refused,
): SigningEndpoint {
  return async (request) => {
    if (request.method !== 'POST') return problem({ status: 405, detail: 'ask by POST' }, { Allow: 'POST' });
    if (!/^application\/json\s*(?:;|$)/i.test(request.headers.get('content-type') ?? '')) {
      return problem({ status: 415, detail: 'ask in application/json' });
    }
    const subject = await authorize(request);
    if (typeof subject !== 'string') return problem({ status: 401, detail: 'it is not known who asks' });
    const asked = await readObject(request);
    if (asked === null)
      return problem({ status: 400, detail: `ask by a JSON object of at most ${MAX_BYTES} bytes` });
    const url = sign(asked, subject);
    return typeof url === 'string' ? Response.json({ url }, { headers: NOT_STORED }) : problem(url);
  };
}

/** Why nothing is signed. */
export interface Refused {
  readonly status: number;
  readonly detail: string;
}

const MAX_BYTES = 16_384;

const NOT_STORED = { 'Cache-Control': 'no-store' } as const;

async function readObject(request: Request): Promise<Readonly<Record<string, unknown>> | null> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let text = '';
  let bytes = 0;
  try {
    for await (const chunk of request.body ?? []) {
      bytes += chunk.byteLength;
      if (bytes > MAX_BYTES) return null;
      text += decoder.decode(chunk, { stream: true });
    }
    const value: unknown = JSON.parse(text + decoder.decode());
    return typeof value === 'object' ? (value as Readonly<Record<string, unknown>> | null) : null;
  } catch {
    return null;
  }
}

/** RFC 9457. */
function problem({ status, detail }: Refused, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(JSON.stringify({ title: 'Nothing was signed', status, detail }), {
    status,
    headers: { 'Content-Type': 'application/problem+json', ...NOT_STORED, ...headers },
  });
}
