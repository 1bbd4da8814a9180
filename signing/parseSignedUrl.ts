import type { Pair } from './canonicalRequest.ts';
import {
  ALGORITHM,
  MAX_EXPIRES,
  PARAMETER_NAME,
  PARAMETER_PREFIX,
  PARAMETERS,
  type Parameter,
  SIGNED_HEADER_NAME,
} from './parameters.ts';
import { decodeForm } from './percentEncoding.ts';
import { Refusal } from './refusal.ts';
import { SIGNATURE } from './signature.ts';
import { parseTimestamp } from './timestamp.ts';
import { parseUpstreamUrl } from './upstreamUrl.ts';

/** What a signed URL says. Parsed and well-formed, but not to be trusted: nothing of it is verified. */
export interface SignedUrl {
  readonly appId: string;
  /** The signing time as sent, `YYYYMMDDTHHMMSSZ`. */
  readonly timestamp: string;
  /** The signing time in milliseconds since the epoch. */
  readonly signedAt: number;
  /** Seconds of validity. */
  readonly expires: number;
  readonly upstream: URL;
  /** Lower-case names, in the order in which they were sent. */
  readonly signedHeaders: readonly string[];
  readonly signsBody: boolean;
  readonly signature: string;
  /** Every signed parameter but the signature, decoded. */
  readonly parameters: readonly Pair[];
  /** The names of the parameters beyond the eight. */
  readonly extensions: readonly string[];
}

/**
 * Parses the query of a signed URL, without its `?`, and refuses what is malformed, always naming the first
 * fault in the protocol's order of checks.
 *
 * @throws {Refusal} `invalid_parameter`, `duplicate_parameter`, `missing_parameter`, `unsupported_algorithm`,
 * `signature_mismatch` (for its shape)
 */
export function parseSignedUrl(query: string): SignedUrl {
  const raw = splitParameters(query);
  for (const name of PARAMETERS) {
    if (!raw.has(name)) throw new Refusal('missing_parameter', `${name} is missing`);
  }
  const algorithm = decoded(raw, 'X-Sw-Algorithm');
  if (algorithm !== ALGORITHM) {
    throw new Refusal('unsupported_algorithm', `X-Sw-Algorithm must be ${ALGORITHM}`);
  }
  const credential = decoded(raw, 'X-Sw-Credential');
  const timestamp = decoded(raw, 'X-Sw-Date');
  const appId = parseCredential(credential, timestamp);
  const signedAt = parseTimestamp(timestamp);
  if (signedAt === undefined) throw invalid('X-Sw-Date', 'must be a real UTC time, YYYYMMDDTHHMMSSZ');
  const expires = decoded(raw, 'X-Sw-Expires');
  const seconds = parseExpires(expires);
  const proxy = decoded(raw, 'X-Sw-Proxy');
  const upstream = parseUpstreamUrl(proxy);
  if (typeof upstream === 'string') throw invalid('X-Sw-Proxy', upstream);
  const headerList = decoded(raw, 'X-Sw-SignedHeaders');
  const signedHeaders = parseSignedHeaders(headerList);
  const body = decoded(raw, 'X-Sw-Body');
  if (body !== 'true' && body !== 'false') throw invalid('X-Sw-Body', 'must be true or false');
  const signature = decoded(raw, 'X-Sw-Signature');
  const extensions = decodedExtensions(raw);
  if (!SIGNATURE.test(signature)) {
    throw new Refusal('signature_mismatch', 'X-Sw-Signature must be 64 lower-case hex digits');
  }
  return {
    appId,
    timestamp,
    signedAt,
    expires: seconds,
    upstream,
    signedHeaders,
    signsBody: body === 'true',
    signature,
    // In the order of their names, which is the canonical one.
    parameters: [
      ['X-Sw-Algorithm', algorithm],
      ['X-Sw-Body', body],
      ['X-Sw-Credential', credential],
      ['X-Sw-Date', timestamp],
      ['X-Sw-Expires', expires],
      ['X-Sw-Proxy', proxy],
      ['X-Sw-SignedHeaders', headerList],
      ...extensions,
    ],
    extensions: extensions.map(([name]) => name),
  };
}

/** The raw values of the parameters that are the protocol's, by their names. */
function splitParameters(query: string): ReadonlyMap<string, string> {
  const raw = new Map<string, string>();
  let duplicate: string | undefined;
  for (let start = 0, end = 0, equals = -1; start <= query.length; start = end + 1) {
    end = indexOrEnd(query, '&', start);
    // Looked for again only when it was passed, or names without = would search the rest of the query each.
    if (equals < start) equals = indexOrEnd(query, '=', start);
    const nameEnd = Math.min(equals, end);
    const name = query.slice(start, nameEnd);
    if (!isParameterName(name)) continue;
    if (raw.has(name)) duplicate ??= name;
    raw.set(name, query.slice(Math.min(nameEnd + 1, end), end));
  }
  if (duplicate !== undefined)
    throw new Refusal('duplicate_parameter', `${duplicate} is given more than once`);
  return raw;
}

function indexOrEnd(text: string, character: string, start: number): number {
  const index = text.indexOf(character, start);
  return index === -1 ? text.length : index;
}

function isParameterName(name: string): boolean {
  if (PARAMETER_NAME.test(name)) return true;
  const readable = decodeForm(name);
  if (readable === undefined) {
    throw new Refusal('invalid_parameter', 'a parameter name holds an invalid escape');
  }
  if (name.startsWith(PARAMETER_PREFIX) || readable.startsWith(PARAMETER_PREFIX)) {
    throw new Refusal(
      'invalid_parameter',
      `a parameter name that begins with X-Sw- must match ${PARAMETER_NAME.source}`,
    );
  }
  return false;
}

function decoded(raw: ReadonlyMap<string, string>, name: Parameter | (string & {})): string {
  const value = decodeForm(raw.get(name)!);
  if (value?.isWellFormed() !== true) throw invalid(name, 'holds an invalid escape');
  return value;
}

function decodedExtensions(raw: ReadonlyMap<string, string>): Pair[] {
  if (raw.size === PARAMETERS.length) return NONE;
  const names = [...raw.keys()].filter((name) => !(PARAMETERS as readonly string[]).includes(name));
  return names.map((name) => [name, decoded(raw, name)]);
}

const NONE: Pair[] = [];

function parseCredential(credential: string, timestamp: string): string {
  const slash = credential.indexOf('/');
  const appId = credential.slice(0, slash);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
  if (slash < 1 || /[\u0000-\u001f\u007f]/.test(appId)) {
    throw invalid('X-Sw-Credential', 'must be <app id>/<YYYYMMDD>');
  }
  if (credential.slice(slash + 1) !== timestamp.slice(0, 8)) {
    throw invalid('X-Sw-Credential', 'must end in the day of X-Sw-Date');
  }
  return appId;
}

function parseExpires(expires: string): number {
  if (!/^(?:0|[1-9]\d{0,9})$/.test(expires) || Number(expires) > MAX_EXPIRES) {
    throw invalid(
      'X-Sw-Expires',
      `must be a whole number of seconds from 0 to ${MAX_EXPIRES}, in plain digits`,
    );
  }
  return Number(expires);
}

function parseSignedHeaders(list: string): readonly string[] {
  if (list === '') return NO_HEADERS;
  const names = list.split(';');
  if (names.some((name) => !SIGNED_HEADER_NAME.test(name)) || new Set(names).size !== names.length) {
    throw invalid('X-Sw-SignedHeaders', 'must be lower-case header names, each once, joined by ;');
  }
  return names;
}

const NO_HEADERS: readonly string[] = [];

function invalid(parameter: string, problem: string): Refusal {
  return new Refusal('invalid_parameter', `${parameter} ${problem}`);
}
