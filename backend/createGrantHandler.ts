import { type SignGrantOptions, signGrant } from '../signing/index.ts';
import { type Authorize, type SigningEndpoint, signingEndpoint } from './signingEndpoint.ts';

export interface GrantHandlerOptions
  extends Pick<SignGrantOptions, 'id' | 'secret' | 'host' | 'bodySchema' | 'methods'> {
  /** Who is asking, or null; see {@link Authorize}. */
  authorize: Authorize;
  /** What the grants open, such as `https://api.openai.com/v1/chat/`: it ends in a slash. */
  prefix: string;
  /** For how many seconds a grant is valid. Default: 600. */
  expiry?: number;
  /** How many requests a grant is good for. Default: any number; the gateway then needs no store. */
  uses?: number;
  /** Milliseconds since the epoch. Default: `Date.now`. */
  clock?(): number;
}

/**
 * Makes the endpoint that a page asks for grants (`askBackend` of `signway/client`, as a `getGrant`): it takes `{}`
 * and answers `{"url": …}`, the base URL, or with a problem document (RFC 9457): 401 for nobody.
 *
 * **Security**: prefix, methods, expiry and subject are pinned here; the page chooses nothing.
 *
 * @throws {SigningError} at once, for an option that cannot be signed
 * @example
 * const handler = createGrantHandler({
 *   id: 'my-id',
 *   secret: process.env.SW_SECRET,
 *   host: 'https://gw.example.com',
 *   prefix: 'https://api.openai.com/v1/chat/',
 *   methods: ['POST'],
 *   authorize: async (request) => (await session(request))?.userId ?? null,
 * });
 */
export function createGrantHandler(options: GrantHandlerOptions): SigningEndpoint {
  const { authorize, prefix, uses, expiry = 600, clock = Date.now, ...signer } = options;
  const grant = (nonce: string, further: Partial<SignGrantOptions> = {}) =>
    signGrant({
      ...signer,
      ...further,
      proxyUrl: prefix,
      expiry,
      date: new Date(clock()),
      ...(uses !== undefined && { nonce, uses }),
    });
  // Now, and not when the first page asks. A worker has no random numbers at its start.
  grant('tried');
  return signingEndpoint(authorize, (_, subject) => grant(crypto.randomUUID(), { subject }));
}
