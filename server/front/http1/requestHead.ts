import { METHOD } from '../../../signing/parameters.ts';
import { Refusal } from '../../../signing/refusal.ts';
import { hasToken, isField } from '../../http1/fieldName.ts';
import type { HeaderPairs } from '../../transport/transport.ts';
import { isHost } from '../host.ts';

/** The head of one request, judged: where it goes, how its body is framed, what becomes of its connection. */
export interface RequestHead {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly fields: HeaderPairs;
  readonly framing: 'none' | 'length' | 'chunked';
  /** Bytes of the body by `Content-Length`; null without one. */
  readonly declared: number | null;
  /** False for HTTP/1.0, which has no chunks either, and after `Connection: close`. */
  readonly persistent: boolean;
  readonly minor: 0 | 1;
  /** True when the client waits for `100 Continue` before it sends the body (RFC 9110, section 10.1.1). */
  readonly expectsContinue: boolean;
}

export interface RequestLine {
  readonly method: string;
  /** What stands before the first `?`. */
  readonly target: string;
  /** What stands behind it; null where there is none. */
  readonly query: string | null;
  readonly minor: 0 | 1;
}

/**
 * Reads `method SP request-target SP HTTP/1.x` (RFC 9112, section 3) from a part of a text: two spaces, no more.
 *
 * @throws {Refusal} `bad_request`, `url_too_long`
 */
export function readRequestLine(
  text: string,
  { start, stop, maxUrlLength }: { start: number; stop: number; maxUrlLength: number },
): RequestLine {
  const targetStart = text.indexOf(' ', start) + 1;
  const targetEnd = stop - VERSION_LENGTH - 1;
  if (targetStart < start + 2 || targetEnd < targetStart || text.charCodeAt(targetEnd) !== SPACE) {
    throw bad('malformed request line');
  }
  const minor = text.charCodeAt(stop - 1) - ZERO;
  if (!text.startsWith('HTTP/1.', targetEnd + 1) || (minor !== 0 && minor !== 1)) throw bad('not HTTP/1.1');
  const method = readMethod(text, start, targetStart - 1);
  if (targetEnd - targetStart > maxUrlLength) throw urlTooLong(maxUrlLength);
  const mark = text.indexOf('?', targetStart);
  const queryAt = mark === -1 || mark > targetEnd ? targetEnd : mark;
  const isRoot = queryAt === targetStart + 1 && text.charCodeAt(targetStart) === SLASH;
  const target = isRoot ? '/' : text.slice(targetStart, queryAt);
  const query = queryAt === targetEnd ? null : text.slice(queryAt + 1, targetEnd);
  // Whatever a URL cannot hold as it is was not encoded by a client that can be trusted to mean one thing.
  if (
    targetStart === targetEnd ||
    NOT_IN_TARGET.test(target) ||
    (query !== null && NOT_IN_TARGET.test(query))
  ) {
    throw bad('malformed request target');
  }
  return { method, target, query, minor };
}

/** The usual ones are one text each already. */
function readMethod(text: string, start: number, stop: number): string {
  if (stop - start === 3 && text.startsWith('GET', start)) return 'GET';
  if (stop - start === 4 && text.startsWith('POST', start)) return 'POST';
  const method = text.slice(start, stop);
  if (!METHOD.test(method)) throw bad('malformed method');
  return method;
}

/**
 * Judges the fields of a request (RFC 9112, sections 3.2, 6.3 and 9.3).
 *
 * **Security**: what two servers could read as different requests is refused, as that is how requests are
 * smuggled (RFC 9112, section 11.2): a doubled or malformed `Host`, a target for another authority, differing or
 * odd lengths, a length with a transfer coding, a coding other than `chunked`, a GET or HEAD with a body.
 *
 * @throws {Refusal} `bad_request`
 */
export function readRequestHead(line: RequestLine, fields: HeaderPairs): RequestHead {
  const { method, minor } = line;
  let host: string | null = null;
  let declared: number | null = null;
  let chunked = false;
  // What follows a CONNECT may be meant for the far end of a tunnel.
  let close = minor === 0 || method === 'CONNECT' || method === 'TRACE';
  let expectsContinue = false;
  for (const [name, value] of fields) {
    switch (name.length) {
      case 4:
        if (!isField(name, 'Host')) break;
        if (host !== null) throw bad('more than one Host');
        host = value;
        break;
      case 6:
        if (isField(name, 'Expect')) expectsContinue ||= value.toLowerCase() === '100-continue';
        break;
      case 10:
        if (isField(name, 'Connection')) close ||= hasToken(value, 'close');
        break;
      case 14:
        if (!isField(name, 'Content-Length')) break;
        if (declared !== null) throw bad('more than one Content-Length');
        declared = readLength(value);
        break;
      case 17:
        if (!isField(name, 'Transfer-Encoding')) break;
        if (chunked || !isField(value, 'chunked')) throw bad('a transfer coding other than chunked');
        chunked = true;
    }
  }
  if (host === null || !isHost(host)) throw bad('the Host header is missing or malformed');
  if (chunked && declared !== null) throw bad('a Content-Length with a transfer coding');
  if (chunked && minor === 0) throw bad('a transfer coding in HTTP/1.0');
  if ((method === 'GET' || method === 'HEAD') && (chunked || (declared ?? 0) > 0)) {
    throw bad(`a ${method} request must not have a body`);
  }
  return {
    method,
    path: readPath(line, host),
    query: line.query ?? '',
    fields,
    framing: chunked ? 'chunked' : declared === null ? 'none' : 'length',
    declared,
    persistent: !close,
    minor,
    expectsContinue: expectsContinue && minor === 1,
  };
}

export function urlTooLong(limit: number): Refusal {
  return new Refusal('url_too_long', `the URL must not be over ${limit} characters`);
}

export function bad(problem: string): Refusal {
  return new Refusal('bad_request', problem);
}

/** The path of the origin form; of the absolute form for the host that was asked (RFC 9112, section 3.2). */
function readPath({ method, target, query }: RequestLine, host: string): string {
  // Asked for a tunnel, or about the server as a whole: neither is served, and the route's check says so.
  if (method === 'CONNECT' || (method === 'OPTIONS' && target === '*' && query === null)) return target;
  return target === '/' ? target : resolved(target.startsWith('/') ? target : originForm(target, host));
}

function originForm(target: string, host: string): string {
  const authority = ABSOLUTE.exec(target)?.[1];
  if (authority === undefined) throw bad('malformed request target');
  if (authority.toLowerCase() !== host.toLowerCase()) throw bad('a target for another host');
  const rest = target.slice(target.indexOf('//') + 2 + authority.length);
  return rest.startsWith('/') ? rest : `/${rest}`;
}

/** Dot segments go, as in every URL parser; what other characters a path holds is left as it is. */
function resolved(path: string): string {
  return DOT_SEGMENT.test(path) ? new URL(`http://host${path}`).pathname : path;
}

const VERSION_LENGTH = 'HTTP/1.1'.length;
const SPACE = 32;
const SLASH = 47;
const ZERO = 48;
// RFC 3986, section 2, and what browsers leave unescaped beside it: no control character, space, quote, `<`, `>`,
// `\`, fragment or byte above 0x7E.
const NOT_IN_TARGET = /[^!$-;=?-[\]^-~]/;
const ABSOLUTE = /^https?:\/\/([^/?]+)/i;
const DOT_SEGMENT = /\/(?:\.|%2e){1,2}(?:\/|$)/i;

function readLength(value: string): number {
  // 15 digits stay below 2^53: no length is ever rounded.
  if (!/^\d{1,15}$/.test(value)) throw bad('malformed Content-Length');
  return Number(value);
}
