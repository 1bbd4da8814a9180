import type { UpstreamUrl } from '../../signing/upstreamUrl.ts';
import { BoundedMemo } from '../boundedMemo.ts';
import { fieldLines, type PassedFields } from '../clientAnswer.ts';
import { isField } from '../http1/fieldName.ts';
import type { HeaderPairs, ReceivedLines, UpstreamAnswer } from '../transport/transport.ts';
import { connectionOptions, LONGEST_NAME } from './upstreamHeaders.ts';

/**
 * Headers of an upstream's answer that end here.
 *
 * **Security**: they would speak for the gateway's own origin, which many upstreams share: set its cookies and
 * policies, open doors in its pages, ask its visitors for a password, give orders to the proxy in front.
 */
const DROPPED = new Set([
  // Hop-by-hop, RFC 9110, section 7.6.1. The length is the server's to write: it frames the answer.
  'connection',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'content-length',
  // Speaks for the origin.
  'set-cookie',
  'strict-transport-security',
  'public-key-pins',
  'public-key-pins-report-only',
  'clear-site-data',
  'alt-svc',
  'refresh',
  'service-worker-allowed',
  'report-to',
  'reporting-endpoints',
  'nel',
  'www-authenticate',
  // Orders to the proxy in front of the gateway: send a file of yours in place of this answer.
  'x-sendfile',
  'x-lighttpd-send-file',
]);

/** `x-accel-` is nginx's: redirects within it, and its buffering, which event streams have switched off here. */
const DROPPED_PREFIXES = ['proxy-', 'access-control-', 'content-security-policy', 'x-sw-', 'x-accel-'];

/** On every answer, so that a proxied page never runs as a page of this origin and is never kept. */
export const PROTECTION: readonly [string, string][] = [
  ['Cache-Control', 'private, no-store'],
  ['X-Content-Type-Options', 'nosniff'],
  ['Content-Security-Policy', "sandbox; default-src 'none'; frame-ancestors 'none'"],
  ['Referrer-Policy', 'no-referrer'],
  ['Cross-Origin-Resource-Policy', 'cross-origin'],
];

const PROTECTED = new Set(PROTECTION.map(([name]) => name.toLowerCase()));

/** Makes the headers of the client's answer from an upstream's: what of them may pass. */
export type ClientHeaders = (received: ReceivedFields, options: ClientHeadersOptions) => PassedFields;

type ReceivedFields = Pick<UpstreamAnswer, 'headers' | 'lines'>;

export interface ClientHeadersOptions {
  /** The URL that was called: a relative `Location` is made absolute against it. */
  readonly upstream: UpstreamUrl;
  /** A header whose value contains one of these is removed. */
  readonly secrets: readonly string[];
}

/** A header's fate by its name is remembered: the same few names come with every answer. */
export function createClientHeaders(): ClientHeaders {
  const fates = new BoundedMemo<Fate>({ longest: LONGEST_NAME });

  function fateOf(spelling: string): Fate {
    const known = fates.get(spelling);
    if (known !== undefined) return known;
    const name = spelling.toLowerCase();
    const fate: Fate = isDropped(name) ? 'drop' : name === 'location' ? 'resolve' : 'pass';
    fates.set(spelling, fate);
    return fate;
  }

  return ({ headers, lines = null }, { upstream, secrets }) => {
    // One search through all of them; only where it finds something is each looked at.
    const all = lines === null ? fieldLines(headers).lines : lines.text;
    const sought = holdsSecret(all, secrets) ? secrets : NO_SECRETS;
    const listed = connectionOptions(connectionOf(headers));
    const pairs: HeaderPairs[number][] = [];
    // Lines that follow one another and pass are taken in one piece.
    let text = '';
    let dated = false;
    let from = 0;
    for (let index = 0; index < headers.length; index++) {
      const field = headers[index]!;
      const [name, value] = field;
      const ends = listed?.has(name.toLowerCase()) === true || holdsSecret(value, sought);
      const fate = ends ? 'drop' : fateOf(name);
      if (fate !== 'drop' && isField(name, 'Date')) dated = true;
      if (fate === 'pass' && lines !== null) {
        pairs.push(field);
        continue;
      }
      text += between(lines, from, index);
      from = index + 1;
      if (fate === 'drop') continue;
      const passing = fate === 'resolve' ? absolute(value, upstream) : value;
      pairs.push([name, passing]);
      text += `${name}: ${passing}\r\n`;
    }
    return { pairs, lines: text + between(lines, from, headers.length), dated };
  };
}

const NO_SECRETS: readonly string[] = [];

/** The lines of the fields from one up to another. */
function between(lines: ReceivedLines | null, from: number, to: number): string {
  return lines === null ? '' : lines.text.slice(lines.starts[from], lines.starts[to]);
}

type Fate = 'drop' | 'pass' | 'resolve';

/**
 * The parts of injected headers that must never come back: each value, and the credentials after its scheme, as they
 * are and as a URL holds them. Headers that configure rather than authenticate are left out, or
 * `Accept: application/json` would take the `Content-Type` of every answer with it; so are values too short to be told
 * from chance.
 */
export function secretsOf(injected: HeaderPairs): string[] {
  return injected.flatMap(([name, value]) => {
    if (CONFIGURES.test(name)) return [];
    const credentials = value.slice(value.indexOf(' ') + 1);
    const secrets = [value, credentials].filter((secret) => secret.length >= SHORTEST_SECRET);
    return [...new Set(secrets.flatMap((secret) => [secret, encodeURIComponent(secret)]))];
  });
}

const CONFIGURES =
  /^(?:accept|accept-.*|content-.*|user-agent)$|-(?:version|beta|organization|project|region)$/i;
const SHORTEST_SECRET = 6;

export function holdsSecret(text: string, secrets: readonly string[]): boolean {
  for (const secret of secrets) if (text.includes(secret)) return true;
  return false;
}

/** All lines of the `Connection` field as one list (RFC 9110, section 5.3); null without any. */
function connectionOf(received: HeaderPairs): string | null {
  let list: string | null = null;
  for (const [name, value] of received) {
    if (!isField(name, 'Connection')) continue;
    list = list === null ? value : `${list}, ${value}`;
  }
  return list;
}

function isDropped(name: string): boolean {
  return (
    DROPPED.has(name) || PROTECTED.has(name) || DROPPED_PREFIXES.some((prefix) => name.startsWith(prefix))
  );
}

function absolute(location: string, upstream: UpstreamUrl): string {
  return URL.parse(location, upstream.href)?.href ?? location;
}
