import { compileUpstream, type Upstream } from './upstream/upstreamRule.ts';

/** Someone who signs URLs: an id, its secrets, and where its requests may go with which headers. */
export interface App {
  readonly id: string;
  /** Any of them verifies; removing one revokes it. At least one. */
  readonly secrets: readonly string[];
  /** Where its requests may go. The first that matches is used; none that matches is `upstream_not_allowed`. */
  readonly upstreams: readonly Upstream[];
}

/** Looks an app up. Resolves to null for an id that is not known; a rejection is `store_unavailable`. */
export interface AppRegistry {
  find(id: string): App | null | Promise<App | null>;
}

/**
 * A registry of apps that are known from the start.
 *
 * @throws {TypeError} for an app without an id or a secret, a second app of one id, an upstream that cannot be read
 */
export function createAppRegistry(apps: Iterable<App>): AppRegistry {
  // A Map, never a plain object: ids such as `constructor` and `__proto__` are nobody's.
  const byId = new Map<string, App>();
  for (const app of apps) {
    if (app.id === '' || app.id.includes('/')) throw new TypeError(`an app cannot have the id '${app.id}'`);
    if (byId.has(app.id)) throw new TypeError(`two apps have the id '${app.id}'`);
    // An embedder's variable that is not set would be the secret `undefined`.
    if (
      app.secrets.length === 0 ||
      !app.secrets.every((secret) => typeof secret === 'string' && secret !== '')
    )
      throw new TypeError(`the app '${app.id}' has no secret`);
    for (const { origin } of app.upstreams) compileUpstream(origin);
    byId.set(app.id, app);
  }
  return { find: (id) => byId.get(id) ?? null };
}
