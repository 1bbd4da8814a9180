import { canonicalQuery, type Pair } from './canonicalRequest.ts';
import {
  ALGORITHM,
  MAX_EXPIRES,
  PARAMETER_NAME,
  PARAMETER_PREFIX,
  PARAMETERS,
  SIGNED_HEADER_NAME,
} from './parameters.ts';
import { decodeForm, encodeStrict, isUnreserved } from './percentEncoding.ts';
import { Refusal } from './refusal.ts';
import { SIGNATURE } from './signature.ts';
import { ParsedUrl, type SignedUrl, signedParameters } from './signedUrl.ts';
import { parseTimestamp } from './timestamp.ts';
import { parseUpstreamUrl, type UpstreamUrl } from './upstreamUrl.ts';

/** How a value with escapes was read. Nothing in it is a part of what was read. */
export interface ValueReading {
  readonly text: string;
  /** As {@link encodeStrict} writes it. */
  readonly strict: string;
  /** Of `X-Sw-Proxy`: its URL, or what is wrong with it. */
  readonly upstream?: UpstreamUrl | string;
  /** Of `X-Sw-Credential`: its parts, or null when it has not those. */
  readonly credential?: Credential | null;
}

interface Credential {
  readonly appId: string;
  /** `YYYYMMDD`. */
  readonly day: string;
}

/**
 * Remembers how values were read. A gateway sees few upstreams and ids, again and again, and reading theirs takes
 * as long as the HMAC; what it forgets is read again.
 */
export interface ValueMemo {
  get(raw: string): ValueReading | undefined;
  set(raw: string, reading: ValueReading): void;
}

/**
 * Parses the query of a signed URL, without its `?`, and refuses what is malformed, always naming the first
 * fault in the protocol's order of checks.
 *
 * @throws {Refusal} `invalid_parameter`, `duplicate_parameter`, `missing_parameter`, `unsupported_algorithm`,
 * `signature_mismatch` (for its shape)
 */
export function parseSignedUrl(query: string, memo: ValueMemo = NO_MEMO): SignedUrl {
  return parseUsualUrl(query, memo) ?? parseAnyUrl(query, memo);
}

/** @internal */
export function parseAnyUrl(query: string, memo: ValueMemo): SignedUrl {
  const { values, extensions: rawExtensions } = splitParameters(query);
  for (let i = 0; i < PARAMETERS.length; i++) {
    if (values[i] === undefined) throw new Refusal('missing_parameter', `${PARAMETERS[i]} is missing`);
  }
  const [rawAlgorithm, rawCredential, rawDate, rawExpires, rawProxy, rawHeaders, rawBody, rawSignature] =
    values as string[];
  if (rawAlgorithm !== ALGORITHM && decoded('X-Sw-Algorithm', rawAlgorithm!) !== ALGORITHM) {
    throw new Refusal('unsupported_algorithm', `X-Sw-Algorithm must be ${ALGORITHM}`);
  }
  const credential = read('X-Sw-Credential', rawCredential!, memo);
  const timestamp = decoded('X-Sw-Date', rawDate!);
  const { appId, day } = checkCredential(
    credential.credential ?? parseCredential(credential.text),
    timestamp,
  );
  const signedAt = parseTimestamp(timestamp);
  if (signedAt === undefined) throw invalid('X-Sw-Date', 'must be a real UTC time, YYYYMMDDTHHMMSSZ');
  const expires = decoded('X-Sw-Expires', rawExpires!);
  const seconds = parseExpires(expires);
  const proxy = read('X-Sw-Proxy', rawProxy!, memo);
  const upstream = proxy.upstream ?? parseUpstreamUrl(proxy.text);
  if (typeof upstream === 'string') throw invalid('X-Sw-Proxy', upstream);
  const headers = read('X-Sw-SignedHeaders', rawHeaders!, memo);
  const signedHeaders = parseSignedHeaders(headers.text);
  const body = decoded('X-Sw-Body', rawBody!);
  if (body !== 'true' && body !== 'false') throw invalid('X-Sw-Body', 'must be true or false');
  const signature = decoded('X-Sw-Signature', rawSignature!);
  const extensions =
    rawExtensions.length === 0
      ? NO_PAIRS
      : rawExtensions.map(([name, raw]): Pair => [name, decoded(name, raw)]);
  if (!SIGNATURE.test(signature)) {
    throw new Refusal('signature_mismatch', 'X-Sw-Signature must be 64 lower-case hex digits');
  }
  const parts = {
    appId,
    timestamp,
    day,
    signedAt,
    expires: seconds,
    upstream,
    proxy: proxy.text,
    signedHeaders,
    signsBody: body === 'true',
    signature,
    extensionPairs: extensions,
  };
  return new ParsedUrl({
    ...parts,
    strictQuery:
      extensions.length > 0
        ? canonicalQuery(signedParameters(parts, parts), encodeStrict)
        : `X-Sw-Algorithm=${ALGORITHM}&X-Sw-Body=${body}&X-Sw-Credential=${credential.strict}&X-Sw-Date=${timestamp}&X-Sw-Expires=${expires}&X-Sw-Proxy=${proxy.strict}&X-Sw-SignedHeaders=${headers.strict}`,
  });
}

/**
 * Parses a query as signers write it: the eight parameters and nothing else, in their order, each in the one spelling
 * that is canonical, for an upstream that was read before. What {@link parseAnyUrl} makes of it is the same, at three
 * times the cost. Null for every other query.
 */
export function parseUsualUrl(query: string, memo: ValueMemo): SignedUrl | null {
  const match = USUAL.exec(query);
  if (match === null) return null;
  const [, appId, day, timestamp, seconds, rawProxy, names, body, signature] = match as unknown as string[];
  const proxy = memo.get(rawProxy!);
  const signedAt = parseTimestamp(timestamp!);
  const expires = Number(seconds);
  if (!timestamp!.startsWith(day!) || signedAt === undefined || expires > MAX_EXPIRES) return null;
  if (proxy === undefined || proxy.strict !== rawProxy || typeof proxy.upstream !== 'object') return null;
  const signedHeaders = names === '' ? NO_NAMES : names!.split('%3B');
  if (signedHeaders.length > 1 && new Set(signedHeaders).size < signedHeaders.length) return null;
  const valuesEnd = query.length - signature!.length - BEFORE_SIGNATURE - body!.length - BEFORE_BODY;
  return new ParsedUrl({
    appId: appId!,
    timestamp: timestamp!,
    day: day!,
    signedAt,
    expires,
    upstream: proxy.upstream,
    proxy: proxy.text,
    signedHeaders,
    signsBody: body === 'true',
    signature: signature!,
    extensionPairs: NO_PAIRS,
    strictQuery: `${BEGINNING}&X-Sw-Body=${body}${query.slice(BEGINNING.length, valuesEnd)}`,
  });
}

const BEGINNING = `X-Sw-Algorithm=${ALGORITHM}`;
const BEFORE_BODY = '&X-Sw-Body='.length;
const BEFORE_SIGNATURE = '&X-Sw-Signature='.length;
const USUAL = new RegExp(
  [
    `^${BEGINNING}`,
    '&X-Sw-Credential=([\\w.~-]+)%2F(\\d{8})',
    '&X-Sw-Date=(\\d{8}T\\d{6}Z)',
    '&X-Sw-Expires=(0|[1-9]\\d{0,9})',
    '&X-Sw-Proxy=([^&]*)',
    '&X-Sw-SignedHeaders=((?:[a-z0-9_.~-]+(?:%3B[a-z0-9_.~-]+)*)?)',
    '&X-Sw-Body=(true|false)',
    '&X-Sw-Signature=([0-9a-f]{64})$',
  ].join(''),
);

const NO_PAIRS: readonly Pair[] = [];

const NO_MEMO: ValueMemo = { get: () => undefined, set: () => {} };

interface RawParameters {
  /** The raw values of {@link PARAMETERS}, in their order. */
  readonly values: (string | undefined)[];
  readonly extensions: readonly (readonly [name: string, raw: string])[];
}

/** The raw values of the parameters that are the protocol's. */
function splitParameters(query: string): RawParameters {
  const values = NO_VALUES.slice();
  let extensions: Map<string, string> | null = null;
  let duplicate: string | undefined;
  let expected = 0;
  for (let start = 0, end = 0, equals = -1; start <= query.length; start = end + 1) {
    end = indexOrEnd(query, '&', start);
    // Signers write them in one order: a comparison finds what a look-up would.
    if (expected < BEGINNINGS.length && query.startsWith(BEGINNINGS[expected]!, start)) {
      if (values[expected] !== undefined) duplicate ??= PARAMETERS[expected];
      values[expected] = query.slice(start + BEGINNINGS[expected]!.length, end);
      expected++;
      continue;
    }
    // Looked for again only when it was passed, or names without = would search the rest of the query each.
    if (equals < start) equals = indexOrEnd(query, '=', start);
    const nameEnd = Math.min(equals, end);
    const name = query.slice(start, nameEnd);
    if (!isParameterName(name)) continue;
    const raw = query.slice(Math.min(nameEnd + 1, end), end);
    const index = (PARAMETERS as readonly string[]).indexOf(name);
    if (index === -1) {
      // It stands among the others; what follows it is what was expected before.
      extensions ??= new Map();
      if (extensions.has(name)) duplicate ??= name;
      extensions.set(name, raw);
    } else {
      if (values[index] !== undefined) duplicate ??= name;
      values[index] = raw;
      expected = index + 1;
    }
  }
  if (duplicate !== undefined)
    throw new Refusal('duplicate_parameter', `${duplicate} is given more than once`);
  return { values, extensions: extensions === null ? NONE : [...extensions] };
}

const NO_VALUES: readonly (string | undefined)[] = PARAMETERS.map(() => undefined);
const BEGINNINGS = PARAMETERS.map((name) => `${name}=`);
const NONE: RawParameters['extensions'] = [];

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

/** Reads a value that may need encoding, or remembers how it was read. */
function read(name: string, raw: string, memo: ValueMemo): ValueReading {
  if (isUnreserved(raw)) return { text: raw, strict: raw };
  const known = memo.get(raw);
  if (known !== undefined) return known;
  const text = decoded(name, raw);
  const strict = encodeStrict(text);
  const reading: ValueReading =
    name === 'X-Sw-Proxy'
      ? { text, strict, upstream: parseUpstreamUrl(text) }
      : name === 'X-Sw-Credential'
        ? { text, strict, credential: parseCredential(text) }
        : { text, strict };
  if (text !== raw) memo.set(raw, reading);
  return reading;
}

function decoded(name: string, raw: string): string {
  const value = decodeForm(raw);
  if (value?.isWellFormed() !== true) throw invalid(name, 'holds an invalid escape');
  return value;
}

const NO_NAMES: readonly string[] = [];

/** Null when it is not `<app id>/<day>`. */
function parseCredential(credential: string): Credential | null {
  const slash = credential.indexOf('/');
  const appId = credential.slice(0, slash);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
  if (slash < 1 || /[\u0000-\u001f\u007f]/.test(appId)) return null;
  return { appId, day: credential.slice(slash + 1) };
}

function checkCredential(credential: Credential | null, timestamp: string): Credential {
  if (credential === null) throw invalid('X-Sw-Credential', 'must be <app id>/<YYYYMMDD>');
  const { day } = credential;
  if (day.length !== 8 || !timestamp.startsWith(day)) {
    throw invalid('X-Sw-Credential', 'must end in the day of X-Sw-Date');
  }
  return credential;
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
  if (list === '') return NO_NAMES;
  const names = list.split(';');
  if (names.some((name) => !SIGNED_HEADER_NAME.test(name)) || new Set(names).size !== names.length) {
    throw invalid('X-Sw-SignedHeaders', 'must be lower-case header names, each once, joined by ;');
  }
  return names;
}

function invalid(parameter: string, problem: string): Refusal {
  return new Refusal('invalid_parameter', `${parameter} ${problem}`);
}
