import { MAX_EXPIRES, METHOD, PARAMETER_NAME, PARAMETERS, SIGNED_HEADER_NAME } from './parameters.ts';
import { formatTimestamp, parseTimestamp } from './timestamp.ts';
import { trimSpacesAndTabs } from './trimSpacesAndTabs.ts';
import { type ExtensionOptions, typedExtensions } from './typedExtensions.ts';
import { parseUpstreamUrl } from './upstreamUrl.ts';

export interface SignUrlOptions extends ExtensionOptions {
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
  /** The request's method, in either case. With `methods` it is not signed. */
  method: string;
  /**
   * Headers that the request must carry with exactly these values, as an object of strings: visible ASCII, spaces
   * and tabs (RFC 9110, section 5.5), since clients send other characters in different bytes. Default: none.
   */
  headers?: Readonly<Record<string, string>>;
  /** The body that the request must carry, byte for byte; a string is sent as UTF-8. Default: any body. */
  body?: string | Uint8Array;
  /** The signing time, as a Date or as `YYYYMMDDTHHMMSSZ`. Default: now. */
  date?: Date | string;
  /** Further signed parameters (docs/protocol.md, "Extensions"), as `{ 'X-Sw-Name': 'value' }`. Default: none. */
  extensions?: Readonly<Record<string, string>>;
}

/** An option of `signUrl` cannot be signed. `option` names it; the message never repeats a secret or a value. */
export class SigningError extends TypeError {
  override readonly name = 'SigningError';
  readonly code = 'invalid_option';
  readonly option: keyof SignUrlOptions;

  constructor(option: keyof SignUrlOptions, problem: string) {
    super(`${option} ${problem}`);
    this.option = option;
  }
}

/** Options in the form in which they are signed. */
export interface CheckedOptions {
  readonly id: string;
  readonly secret: string;
  /** With a `/` at its end. */
  readonly host: string;
  /** `YYYYMMDDTHHMMSSZ`. */
  readonly timestamp: string;
  readonly expires: string;
  /** Normalised. */
  readonly proxyUrl: string;
  /** In upper case. */
  readonly method: string;
  /** Lower-case names with their values, sorted; `content-length` is among them where there is a body. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array | undefined;
  /** Sorted by name. */
  readonly extensions: readonly (readonly [name: string, value: string])[];
}

/**
 * Checks everything that a caller can hand in; JavaScript callers hand in anything.
 *
 * **Security**: what is not what it was declared to be is refused, never signed as something near it. A secret
 * that is not set would be the text `undefined`, which everyone knows, and a `Headers` object would sign none.
 *
 * @throws {SigningError}
 */
export function checkSignUrlOptions(options: SignUrlOptions): CheckedOptions {
  const body = checkedBody(options.body);
  return {
    id: checkedId(options.id),
    secret: checkedSecret(options.secret),
    host: checkedHost(options.host),
    timestamp: checkedTimestamp(options.date),
    expires: checkedExpiry(options.expiry),
    proxyUrl: checkedProxyUrl(options.proxyUrl),
    method: checkedMethod(options.method),
    headers: checkedHeaders(options.headers, body),
    body,
    extensions: checkedExtensions(options),
  };
}

function checkedId(id: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
  if (typeof id !== 'string' || id === '' || /[/\u0000-\u001f\u007f]/.test(id) || !id.isWellFormed()) {
    throw new SigningError('id', 'must be a text, not empty, without a slash and control characters');
  }
  return id;
}

function checkedSecret(secret: string): string {
  if (typeof secret === 'string' && secret !== '' && secret.isWellFormed()) return secret;
  throw new SigningError('secret', 'must be a text that is not empty');
}

function checkedHost(host: string): string {
  if (typeof host !== 'string') throw new SigningError('host', 'must be a text');
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

function checkedMethod(method: string): string {
  // The ASCII letters alone have a case here: toUpperCase makes a dotless i an I, and ß two letters.
  if (typeof method === 'string' && /^[ -~]*$/.test(method)) {
    const upper = method.toUpperCase();
    if (METHOD.test(upper)) return upper;
  }
  throw new SigningError('method', 'must be an HTTP method');
}

function checkedHeaders(
  headers: SignUrlOptions['headers'] = {},
  body: Uint8Array | undefined,
): [string, string][] {
  const signed = new Map<string, string>();
  for (const [name, value] of Object.entries(plainObject('headers', headers))) {
    const trimmed = trimSpacesAndTabs(name);
    // As with the method: toLowerCase makes a Kelvin sign a k.
    const lower = /^[!-~]+$/.test(trimmed) ? trimmed.toLowerCase() : '';
    if (!SIGNED_HEADER_NAME.test(lower))
      throw new SigningError('headers', `must not hold the name '${name}'`);
    if (signed.has(lower)) throw new SigningError('headers', `must not hold '${lower}' twice`);
    if (typeof value !== 'string' || !HEADER_VALUE.test(value)) {
      throw new SigningError(
        'headers',
        `must hold visible ASCII characters, spaces and tabs only for '${lower}', since clients differ in how they send others`,
      );
    }
    signed.set(lower, value);
  }
  if (body !== undefined) signed.set('content-length', String(body.byteLength));
  return [...signed].sort(([a], [b]) => (a < b ? -1 : 1));
}

const HEADER_VALUE = /^[\t -~]*$/;

function checkedBody(body: SignUrlOptions['body']): Uint8Array | undefined {
  if (typeof body === 'string') return new TextEncoder().encode(body);
  if (body === undefined || isUint8Array(body)) return body;
  throw new SigningError('body', 'must be a text or a Uint8Array');
}

/** By its tag: test runners and frames have a `Uint8Array` of their own, of which `instanceof` knows nothing. */
function isUint8Array(value: unknown): boolean {
  return Object.prototype.toString.call(value) === '[object Uint8Array]';
}

function checkedExtensions(options: SignUrlOptions): [string, string][] {
  const typed = typedExtensions(options, (option, problem) => {
    throw new SigningError(option, problem);
  });
  const entries = Object.entries(plainObject('extensions', options.extensions));
  for (const [name, value] of entries) {
    if (typed.some(([other]) => other === name)) {
      throw new SigningError('extensions', `must not hold '${name}', which has an option of its own here`);
    }
    if (!PARAMETER_NAME.test(name) || (PARAMETERS as readonly string[]).includes(name)) {
      throw new SigningError('extensions', `must not hold the name '${name}'`);
    }
    if (typeof value !== 'string' || !value.isWellFormed())
      throw new SigningError('extensions', `must hold well-formed text for '${name}'`);
  }
  return [...entries, ...typed].sort(([a], [b]) => (a < b ? -1 : 1));
}

/**
 * An object of texts as it is. A `Headers` object, a Map or a list would have no entries, or others.
 *
 * @throws {SigningError}
 */
export function plainObject(
  option: 'headers' | 'extensions',
  values: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  if (typeof values !== 'object' || values === null || Symbol.iterator in values) {
    throw new SigningError(option, 'must be a plain object of texts');
  }
  return values;
}
