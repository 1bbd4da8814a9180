import { Refusal } from '../../signing/refusal.ts';
import type { UpstreamUrl } from '../../signing/upstreamUrl.ts';
import type { CompiledApp, CompiledUpstream } from '../compiledApp.ts';

/**
 * Finds the upstream of an app that a URL belongs to, and may be called with this method.
 *
 * @throws {Refusal} `upstream_not_allowed`, `method_not_allowed`
 */
export function routeToUpstream(
  app: CompiledApp,
  { url, method }: { url: UpstreamUrl; method: string },
): CompiledUpstream {
  const upstream = app.route(url);
  if (upstream === undefined) {
    throw new Refusal('upstream_not_allowed', 'the upstream is not one this app may call', {
      cause: NOT_ON_LIST,
    });
  }
  const { methods } = upstream;
  if (methods === undefined || methods.includes(method)) return upstream;
  throw new Refusal('method_not_allowed', 'the upstream may not be called with this method', {
    headers: { Allow: methods.join(', ') },
  });
}

/** Why, for the operator. */
export const NOT_ON_LIST = 'origin: not on the list';
