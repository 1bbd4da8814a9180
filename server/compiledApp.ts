import { signingKey } from '../signing/signature.ts';
import type { UpstreamUrl } from '../signing/upstreamUrl.ts';
import type { App } from './apps.ts';
import { bunHashes } from './bunHashes.ts';
import { secretsOf } from './headers/clientHeaders.ts';
import type { HeaderPairs } from './transport/transport.ts';
import { compileUpstream } from './upstream/upstreamRule.ts';

/** An app with everything that its requests share worked out once. */
export interface CompiledApp {
  readonly id: string;
  /** The keys of its secrets for a day (`YYYYMMDD`). */
  signingKeys(day: string): readonly Uint8Array[];
  /** The first of its upstreams that a URL belongs to. */
  route(url: UpstreamUrl): CompiledUpstream | undefined;
}

export interface CompiledUpstream {
  readonly injected: HeaderPairs;
  /** In lower case. */
  readonly injectedNames: ReadonlySet<string>;
  /** What of its headers must never come back in an answer. */
  readonly secrets: readonly string[];
}

/** Compiles each app object once, however often a registry hands it out. */
export function createAppCompiler(): (app: App) => CompiledApp {
  const compiled = new WeakMap<App, CompiledApp>();
  return (app) => {
    const known = compiled.get(app);
    if (known !== undefined) return known;
    const fresh = compile(app);
    compiled.set(app, fresh);
    return fresh;
  };
}

function compile(app: App): CompiledApp {
  const keys = new Map<string, readonly Uint8Array[]>();
  const upstreams = app.upstreams.map((upstream) => ({
    matches: compileUpstream(upstream.origin),
    injected: upstream.headers,
    injectedNames: new Set(upstream.headers.map(([name]) => name.toLowerCase())),
    secrets: secretsOf(upstream.headers),
  }));
  return {
    id: app.id,
    signingKeys(day) {
      const known = keys.get(day);
      if (known !== undefined) return known;
      const fresh = app.secrets.map((secret) => signingKey(secret, day, bunHashes));
      // The day is the caller's to choose, within the longest expiry.
      if (keys.size >= MAX_DAYS) keys.clear();
      keys.set(day, fresh);
      return fresh;
    },
    route: (url) => upstreams.find(({ matches }) => matches(url)),
  };
}

const MAX_DAYS = 16;
