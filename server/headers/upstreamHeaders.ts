import { BoundedMemo } from '../boundedMemo.ts';
import type { RequestHeaders } from '../clientRequest.ts';
import type { HeaderPairs } from '../transport/transport.ts';

/**
 * Client headers that end here. What is not named passes, as users of such a gateway expect.
 *
 * **Security**: names with `_` end here as well, since some servers read them as `-`.
 */
const DROPPED = new Set([
  // Hop-by-hop, RFC 9110, section 7.6.1.
  'connection',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
  // Framed and addressed anew.
  'host',
  'content-length',
  'expect',
  // The gateway's own to give: the credentials of another party, or none.
  'authorization',
  'cookie',
  // Who speaks for whom is not the client's to say.
  'forwarded',
  'x-real-ip',
  'true-client-ip',
  'via',
  // They change what a request means behind the signature's back.
  'x-original-url',
  'x-rewrite-url',
  'x-http-method',
  'x-http-method-override',
  'x-method-override',
  // About the page, not about the request; Referer may hold the signed URL.
  'origin',
  'referer',
]);

const DROPPED_PREFIXES = ['proxy-', 'x-forwarded-', 'cf-', 'sec-', 'access-control-request-', 'x-sw-'];

/** Makes the headers of the upstream's request: `Host`, the client's that may pass, then the injected ones. */
export type UpstreamHeaders = (client: RequestHeaders, options: UpstreamHeadersOptions) => HeaderPairs;

export interface UpstreamHeadersOptions {
  /** The upstream's authority, with its port unless it is the scheme's own. */
  readonly host: string;
  /** Set last. */
  readonly injected: HeaderPairs;
  /** Their names in lower case: the client's of the same names are dropped. */
  readonly injectedNames: ReadonlySet<string>;
}

/** A header's fate by its name is remembered: the same few names come with every request. */
export function createUpstreamHeaders(): UpstreamHeaders {
  const fates = new BoundedMemo<Fate>({ longest: LONGEST_NAME });

  function fateOf(received: string): Fate {
    const known = fates.get(received);
    if (known !== undefined) return known;
    // A copy: a part of a text keeps the whole of it in memory, here all that a client sent.
    const sent = Buffer.from(received, 'latin1').toString('latin1');
    const name = sent.toLowerCase();
    const fate = { name, spelling: isDropped(name) ? null : name === sent ? usualSpelling(name) : sent };
    fates.set(sent, fate);
    return fate;
  }

  return (client, { host, injected, injectedNames }) => {
    const listed = connectionOptions(client.get('connection'));
    const pairs: HeaderPairs[number][] = [['Host', host]];
    for (const [sent, value] of client) {
      const { name, spelling } = fateOf(sent);
      if (spelling === null || injectedNames.has(name) || listed?.has(name) === true) continue;
      pairs.push([spelling, value]);
    }
    for (const pair of injected) pairs.push(pair);
    return pairs;
  };
}

/** Characters of a header's name up to which its fate is remembered. No name in use is longer. */
export const LONGEST_NAME = 100;

interface Fate {
  /** In lower case. */
  readonly name: string;
  /** How it goes out; null when it ends here. */
  readonly spelling: string | null;
}

/** The lower-case names that a `Connection` header lists; undefined where that is none. */
export function connectionOptions(connection: string | null): ReadonlySet<string> | undefined {
  if (connection === null || connection === 'keep-alive') return undefined;
  return new Set(connection.split(',').map((option) => option.trim().toLowerCase()));
}

function isDropped(name: string): boolean {
  return (
    DROPPED.has(name) || name.includes('_') || DROPPED_PREFIXES.some((prefix) => name.startsWith(prefix))
  );
}

function usualSpelling(name: string): string {
  return name.replace(/(?:^|-)[a-z]/g, (start) => start.toUpperCase());
}
