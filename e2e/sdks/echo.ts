import type { TestCertificate } from './testAuthority.ts';

/** What the echo service says of a request. */
export interface Echoed {
  readonly url: string;
  readonly args: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  /** The body as it came. */
  readonly data: string;
  /** The body as JSON; null if it is none. */
  readonly json: unknown;
}

export interface EchoServer extends AsyncDisposable {
  /** How many requests have arrived. */
  received(): number;
}

/** A stand-in for postman-echo.com with the fields that the SDKs' tests read, on port 443 of an address. */
export function startEcho(hostname: string, { key, cert }: TestCertificate): EchoServer {
  let received = 0;
  const server = Bun.serve({
    hostname,
    port: 443,
    tls: { key, cert },
    async fetch(request) {
      received++;
      const url = new URL(request.url);
      const data = await request.text();
      return Response.json({
        url: `https://${request.headers.get('host')}${url.pathname}${url.search}`,
        args: Object.fromEntries(url.searchParams),
        headers: Object.fromEntries(request.headers),
        data,
        json: parsed(data),
      } satisfies Echoed);
    },
  });
  return {
    received: () => received,
    [Symbol.asyncDispose]: () => server.stop(true),
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
