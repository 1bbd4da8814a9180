import { encodeGrantToken } from './grantToken.ts';
import { type Hashes, nodeHashes } from './hashes.ts';
import { sign } from './signUrl.ts';
import { plainObject, SigningError, type SignUrlOptions } from './signUrlOptions.ts';

export interface SignGrantOptions extends Omit<SignUrlOptions, 'method' | 'body'> {
  /** What the grant opens: an absolute URL whose path ends in `/`, without a query. */
  proxyUrl: string;
  /** The methods it may be used with: upper-case, each once, at least one. */
  methods: readonly string[];
}

/**
 * Makes a grant: a base URL at the gateway, `<host>/s/<token>/`, that stands for everything below a prefix of the
 * upstream, for any number of requests until it expires. An API's own client takes it as its base URL
 * (docs/protocol.md, "Grants").
 *
 * **Security**: whoever has it may call everything below the prefix, with any body. Name the narrowest prefix and
 * the fewest methods, keep the expiry short, and sign the subject where limits are kept for one.
 *
 * @throws {SigningError} when an option cannot be signed
 * @example
 * const baseURL = signGrant({
 *   id: 'my-id',
 *   secret: process.env.SW_SECRET,
 *   host: 'https://gw.example.com',
 *   proxyUrl: 'https://api.openai.com/v1/chat/',
 *   methods: ['POST'],
 *   expiry: 600,
 * });
 */
export function signGrant(options: SignGrantOptions, hashes: Hashes = nodeHashes): string {
  checkPrefix(options.proxyUrl);
  if (options.methods === undefined) throw new SigningError('methods', 'must name the methods of the grant');
  if ('body' in options) throw new SigningError('body', 'cannot be signed by a grant');
  const extensions = { ...plainObject('extensions', options.extensions), 'X-Sw-Scope': 'prefix' };
  const { url } = sign({ ...options, method: 'GET', extensions }, hashes);
  const query = url.indexOf('?');
  return `${url.slice(0, query)}s/${encodeGrantToken(url.slice(query + 1))}/`;
}

function checkPrefix(proxyUrl: string): void {
  if (typeof proxyUrl !== 'string' || proxyUrl.includes('?') || !proxyUrl.endsWith('/')) {
    throw new SigningError('proxyUrl', 'must be a prefix: its path ends in a slash, and it has no query');
  }
}
