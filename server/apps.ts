import { checkAmount } from './checkAmount.ts';
import type { RequiredExtension } from './extensions/extensions.ts';
import type { AppLimits } from './limiting/appLimits.ts';
import { checkAppLimits } from './limiting/checkAppLimits.ts';
import { compileUpstream, type Upstream } from './upstream/upstreamRule.ts';

/** Someone who signs URLs: an id, its secrets, and where its requests may go with which headers. */
export interface App {
  readonly id: string;
  /** Any of them verifies; removing one revokes it. At least one. */
  readonly secrets: readonly string[];
  /** Where its requests may go. The first that matches is used; none that matches is `upstream_not_allowed`. */
  readonly upstreams: readonly Upstream[];
  /** Longest `X-Sw-Expires` of its URLs, in seconds. Default: the gateway's. */
  readonly maxExpiry?: number;
  /** Origins whose pages may use its URLs. Default: the gateway's. */
  readonly allowOrigins?: '*' | readonly string[];
  /** Extensions that every URL of its must have. `extension_required`. Default: none. */
  readonly required?: readonly RequiredExtension[];
  /** JSON Schemas that `X-Sw-BodySchema` can name. Default: none. */
  readonly schemas?: Readonly<Record<string, unknown>>;
  /** What all its requests may take together. Default: no limit. */
  readonly limits?: AppLimits;
  /** What the requests of one subject may take together; those without a subject share one. Default: no limit. */
  readonly subjectLimits?: AppLimits;
  /**
   * What happens under limits while the store cannot be asked: requests are refused with `store_unavailable`, or
   * pass uncounted. A URL with a nonce is refused always. Default: `refuse`.
   */
  readonly whenStoreIsAway?: 'refuse' | 'allow';
}

/** Looks an app up. Resolves to null for an id that is not known; a rejection is `store_unavailable`. */
export interface AppRegistry {
  find(id: string): App | null | Promise<App | null>;
}

/**
 * A registry of apps that are known from the start.
 *
 * @throws {TypeError} for an app that cannot be used, or a second one of one id
 */
export function createAppRegistry(apps: Iterable<App>): AppRegistry {
  // A Map, never a plain object: ids such as `constructor` and `__proto__` are nobody's.
  const byId = new Map<string, App>();
  for (const app of apps) {
    checkApp(app);
    if (byId.has(app.id)) throw new TypeError(`two apps have the id '${app.id}'`);
    byId.set(app.id, app);
  }
  return { find: (id) => byId.get(id) ?? null };
}

/**
 * Takes an app that can be used, whoever has found it.
 *
 * @throws {TypeError} for one without an id or a secret, with an upstream that cannot be read, or a limit that is no number
 */
export function checkApp({ id, secrets, upstreams, limits, subjectLimits, maxExpiry }: App): void {
  if (id === '' || id.includes('/')) throw new TypeError(`an app cannot have the id '${id}'`);
  // An embedder's variable that is not set would be the secret `undefined`.
  if (secrets.length === 0 || !secrets.every((secret) => typeof secret === 'string' && secret !== ''))
    throw new TypeError(`the app '${id}' has no secret`);
  const whose = `the app '${id}': `;
  checkAppLimits(limits, `${whose}limits`);
  checkAppLimits(subjectLimits, `${whose}subjectLimits`);
  if (maxExpiry !== undefined) checkAmount(`${whose}maxExpiry`, maxExpiry);
  for (const { origin, timeouts } of upstreams) {
    compileUpstream(origin);
    for (const [name, time] of Object.entries(timeouts ?? {})) checkAmount(`${whose}${name}`, time);
  }
}
