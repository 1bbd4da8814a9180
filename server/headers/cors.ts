import { Refusal } from '../../signing/refusal.ts';
import { type ClientAnswer, type FieldLines, fieldLines } from '../clientAnswer.ts';
import type { ClientRequest } from '../clientRequest.ts';
import { PROTECTION } from './clientHeaders.ts';

/** What pages may do. Credentials are never allowed. */
export interface CorsOptions {
  /** Origins whose pages may use the gateway, or `*`. Default: `*`. Others get `origin_not_allowed`. */
  allowOrigins?: '*' | readonly string[];
  /** Answer of `Access-Control-Allow-Methods`. Default: the method that the preflight asks for. */
  allowMethods?: string;
  /** Answer of `Access-Control-Allow-Headers`. Default: the headers that the preflight asks for. */
  allowHeaders?: string;
}

export interface Cors {
  /** Answers a preflight (Fetch, section 3.3); null when the request is none. */
  preflight(request: ClientRequest): ClientAnswer | null;
  /** @throws {Refusal} `origin_not_allowed` for a page of an origin that is not listed */
  check(request: ClientRequest): void;
  /** What every answer of an upstream has: the gateway's protection, and whom it lets read. */
  readonly fixed: FieldLines;
  /** Lets the page that asked read an answer of an upstream, where that depends on the page. */
  allow(headers: [string, string][], request: ClientRequest): void;
}

/**
 * **Security**: a preflight is answered for every origin, and so is a refusal: a page can always read why it
 * was refused. What an origin outside the list never gets is an answer of an upstream; nor is an upstream
 * called for it. `null`, the origin of sandboxed pages, is never on a list.
 */
export function createCors({ allowOrigins = '*', allowMethods, allowHeaders }: CorsOptions = {}): Cors {
  const listed =
    allowOrigins === '*' || allowOrigins.includes('*')
      ? null
      : new Set(allowOrigins.filter((origin) => origin !== 'null'));
  return {
    preflight(request) {
      if (request.method !== 'OPTIONS') return null;
      const method = request.headers.get('access-control-request-method');
      if (method === null || request.headers.get('origin') === null) return null;
      const headers: [string, string][] = [
        ['Access-Control-Allow-Origin', '*'],
        ['Access-Control-Allow-Methods', allowMethods ?? method],
        ['Access-Control-Max-Age', PREFLIGHT_MAX_AGE],
        ['Vary', 'Access-Control-Request-Method, Access-Control-Request-Headers'],
      ];
      // Echoed, since `*` covers neither Authorization nor, in some browsers, anything (Fetch, section 4.9).
      const asked = allowHeaders ?? request.headers.get('access-control-request-headers');
      if (asked !== null) headers.push(['Access-Control-Allow-Headers', asked]);
      return { status: 204, statusText: '', passed: null, headers, fixed: null, body: null };
    },
    check(request) {
      if (listed === null) return;
      const origin = request.headers.get('origin');
      if (origin === null || listed.has(origin)) return;
      throw new Refusal('origin_not_allowed', 'pages of this origin may not use the gateway');
    },
    fixed: fieldLines([
      ...PROTECTION,
      ['Access-Control-Expose-Headers', '*'],
      ...(listed === null ? ANYONE : NOBODY_YET),
    ]),
    allow(headers, request) {
      if (listed === null) return;
      headers.push(['Vary', 'Origin']);
      const origin = request.headers.get('origin');
      if (origin !== null) headers.push(['Access-Control-Allow-Origin', origin]);
    },
  };
}

const ANYONE = [['Access-Control-Allow-Origin', '*']] as const;
const NOBODY_YET = [] as const;

// Seconds; what Chromium keeps at most.
const PREFLIGHT_MAX_AGE = '7200';
