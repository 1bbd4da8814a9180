import { canonicalRequest } from './canonicalRequest.ts';
import { type Hashes, nodeHashes } from './hashes.ts';
import {
  ALGORITHM,
  MAX_EXPIRES,
  METHOD,
  PARAMETER_NAME,
  PARAMETERS,
  SIGNED_HEADER_NAME,
} from './parameters.ts';
import { encodeStrict } from './percentEncoding.ts';
import { signature, signingKey, stringToSign } from './signature.ts';
import { formatTimestamp, parseTimestamp } from './timestamp.ts';
import { parseUpstreamUrl } from './upstreamUrl.ts';

export interface SignUrlOptions {
  /** The app's id: not empty, without `/` and control characters. */
  id: string;
  /** The app's secret: not empty. It never leaves the backend. */
  secret: string;
  /** Where the gateway answers, such as `https://gw.example.com`. */
  host: string;
  /** The upstream's absolute http or https URL; normalised as the WHATWG URL parser does. */
  proxyUrl: string;
  /** For how many whole seconds the URL is valid: 0 to 4294967295. Gateways cap it, at 7 days by default. */
  expiry: number;
  /** The request's method, in either case. */
  method: string;
  /** Headers that the request must carry with exactly these values. Default: none. */
  headers?: Readonly<Record<string, string>>;
  /** The body that the request must carry, byte for byte; a string is sent as UTF-8. Default: any body. */
  body?: string | Uint8Array;
  /** The signing time, as a Date or as `YYYYMMDDTHHMMSSZ`. Default: now. */
  date?: Date | string;
  /** Further signed parameters (docs/protocol.md, "Extensions"), such as `{ 'X-Sw-Nonce': '…' }`. Default: none. */
  extensions?: Readonly<Record<string, string>>;
}

/** A signed URL with the intermediates that led to it, so that two signers can be compared step by step. */
export interface Signed {
  url: string;
  /** Up to the body, whose bytes follow it directly. */
  canonicalRequest: string;
  stringToSign: string;
  signature: string;
}

/** An option of {@link signUrl} cannot be signed. `option` names it; the message never repeats a secret. */
export class SigningError extends TypeError {
  override readonly name = 'SigningError';
  readonly code = 'invalid_option';
  readonly option: keyof SignUrlOptions;

  constructor(option: keyof SignUrlOptions, problem: string) {
    super(`${option} ${problem}`);
    this.option = option;
  }
}

/**
 * Makes a signed URL, without any network call (docs/protocol.md).
 *
 * @throws {SigningError} when an option cannot be signed
 * @example
 * const url = signUrl({
 *   id: 'my-id',
 *   secret: process.env.SW_SECRET,
 *   host: 'https://gw.example.com',
 *   proxyUrl: 'https://api.openai.com/v1/chat/completions',
 *   expiry: 60,
 *   method: 'POST',
 * });
 */
export function signUrl(options: SignUrlOptions): string {
  return sign(options).url;
}

/** As {@link signUrl}, with the intermediates, and with hash functions of one's own. */
export function sign(options: SignUrlOptions, hashes: Hashes = nodeHashes): Signed {
  const id = checkedId(options.id);
  const host = checkedHost(options.host);
  const timestamp = checkedTimestamp(options.date);
  const day = timestamp.slice(0, 8);
  const body = typeof options.body === 'string' ? new TextEncoder().encode(options.body) : options.body;
  const headers = checkedHeaders(options.headers, body);
  const extensions = checkedExtensions(options.extensions);
  if (options.secret === '') throw new SigningError('secret', 'must not be empty');

  const parameters: [string, string][] = [
    ['X-Sw-Algorithm', ALGORITHM],
    ['X-Sw-Credential', `${id}/${day}`],
    ['X-Sw-Date', timestamp],
    ['X-Sw-Expires', checkedExpiry(options.expiry)],
    ['X-Sw-Proxy', checkedProxyUrl(options.proxyUrl)],
    ['X-Sw-SignedHeaders', headers.map(([name]) => name).join(';')],
    ['X-Sw-Body', String(body !== undefined)],
    ...extensions,
  ];
  const canonical = canonicalRequest(
    { method: canonicalMethod(options.method, extensions), path: '/', parameters, headers },
    encodeStrict,
  );
  const toSign = stringToSign(timestamp, hashes.sha256Hex(canonical, body));
  const mac = signature(signingKey(options.secret, day, hashes), toSign, hashes);
  const query = parameters.map(([name, value]) => `${name}=${encodeStrict(value)}`).join('&');
  return {
    url: `${host}?${query}&X-Sw-Signature=${mac}`,
    canonicalRequest: canonical,
    stringToSign: toSign,
    signature: mac,
  };
}

function checkedId(id: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
  if (id === '' || /[/\u0000-\u001f\u007f]/.test(id) || !id.isWellFormed()) {
    throw new SigningError('id', 'must not be empty nor hold a slash or a control character');
  }
  return id;
}

function checkedHost(host: string): string {
  const url = parseUpstreamUrl(host);
  if (typeof url === 'string') throw new SigningError('host', url);
  if (host.includes('?')) throw new SigningError('host', 'must not hold a query');
  return host.endsWith('/') ? host : `${host}/`;
}

function checkedTimestamp(date: Date | string = new Date()): string {
  try {
    const timestamp = typeof date === 'string' ? date : formatTimestamp(date);
    if (parseTimestamp(timestamp) !== undefined) return timestamp;
  } catch {}
  throw new SigningError('date', 'must be a Date of a four-digit year, or YYYYMMDDTHHMMSSZ');
}

function checkedHeaders(
  headers: Readonly<Record<string, string>> = {},
  body: Uint8Array | undefined,
): [string, string][] {
  const signed = new Map<string, string>();
  for (const [name, value] of Object.entries(headers)) {
    const lower = name.trim().toLowerCase();
    if (!SIGNED_HEADER_NAME.test(lower))
      throw new SigningError('headers', `must not hold the name '${name}'`);
    if (signed.has(lower)) throw new SigningError('headers', `must not hold '${lower}' twice`);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what no header can carry is refused
    if (/[\u0000-\u0008\u000a-\u001f\u007f\u0100-\uffff]/.test(value)) {
      throw new SigningError('headers', `must not hold a value for '${lower}' that no header can carry`);
    }
    signed.set(lower, value);
  }
  if (body !== undefined) signed.set('content-length', String(body.byteLength));
  return [...signed].sort(([a], [b]) => (a < b ? -1 : 1));
}

function checkedExtensions(extensions: Readonly<Record<string, string>> = {}): [string, string][] {
  for (const [name, value] of Object.entries(extensions)) {
    if (!PARAMETER_NAME.test(name) || (PARAMETERS as readonly string[]).includes(name)) {
      throw new SigningError('extensions', `must not hold the name '${name}'`);
    }
    if (!value.isWellFormed())
      throw new SigningError('extensions', `must hold well-formed text for '${name}'`);
  }
  return Object.entries(extensions).sort(([a], [b]) => (a < b ? -1 : 1));
}

function checkedExpiry(expiry: number): string {
  if (!Number.isInteger(expiry) || expiry < 0 || expiry > MAX_EXPIRES) {
    throw new SigningError('expiry', `must be a whole number of seconds from 0 to ${MAX_EXPIRES}`);
  }
  return String(expiry);
}

function checkedProxyUrl(proxyUrl: string): string {
  // The URL parser drops these without a word, and the URL that was meant is anyone's guess.
  if (/[\t\n\r]/.test(proxyUrl)) throw new SigningError('proxyUrl', 'must not hold a control character');
  const normalised = URL.parse(proxyUrl)?.href;
  if (normalised === undefined) throw new SigningError('proxyUrl', 'must be an absolute http or https URL');
  const url = parseUpstreamUrl(normalised);
  if (typeof url === 'string') throw new SigningError('proxyUrl', url);
  return normalised;
}

function canonicalMethod(method: string, extensions: readonly [string, string][]): string {
  const upper = method.toUpperCase();
  if (!METHOD.test(upper)) throw new SigningError('method', 'must be an HTTP method');
  return extensions.some(([name]) => name === 'X-Sw-Methods') ? '*' : upper;
}
