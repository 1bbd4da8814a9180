import { type SigningKey, signingKey } from '../signing/signature.ts';
import type { UpstreamUrl } from '../signing/upstreamUrl.ts';
import type { VerifyOptions } from '../signing/verifySignature.ts';
import { type App, checkApp } from './apps.ts';
import { bunHashes } from './bunHashes.ts';
import type { RequiredExtension } from './extensions/extensions.ts';
import { secretsOf } from './headers/clientHeaders.ts';
import { type Cors, createCors } from './headers/cors.ts';
import { compileJsonSchema, type JsonSchema } from './jsonSchema/compileJsonSchema.ts';
import type { AppLimits } from './limiting/appLimits.ts';
import type { HeaderPairs } from './transport/transport.ts';
import { compileUpstream, type UpstreamTimeouts } from './upstream/upstreamRule.ts';

/** An app with everything that its requests share worked out once. */
export interface CompiledApp extends VerifyOptions {
  readonly id: string;
  /** The first of its upstreams that a URL belongs to. */
  route(url: UpstreamUrl): CompiledUpstream | undefined;
  /** The longest `X-Sw-Expires`, in seconds; undefined where the gateway's holds. */
  readonly maxExpiry: number | undefined;
  /** Whose pages may use it; undefined where the gateway's rule holds. */
  readonly cors: Cors | undefined;
  readonly required: readonly RequiredExtension[];
  readonly schemas: ReadonlyMap<string, JsonSchema>;
  readonly limits: AppLimits | undefined;
  readonly subjectLimits: AppLimits | undefined;
  readonly whenStoreIsAway: 'refuse' | 'allow';
  /** Whether a budget counts tokens, so that bodies have to be read. */
  readonly countsTokens: boolean;
  readonly countsBytes: boolean;
}

export interface CompiledUpstream {
  readonly injected: HeaderPairs;
  /** In lower case; with the names of headers that no client may send there. */
  readonly injectedNames: ReadonlySet<string>;
  /** What of its headers must never come back in an answer. */
  readonly secrets: readonly string[];
  /** Whether the gateway would refuse what goes there, if it were not trying a list out. */
  readonly reportOnly: boolean;
  /** Undefined: any. */
  readonly methods: readonly string[] | undefined;
  /** Where they differ from the gateway's. */
  readonly timeouts: Partial<UpstreamTimeouts> | undefined;
}

/**
 * Compiles each app object once, however often a registry hands it out.
 *
 * @param paths the canonical paths that are accepted; see {@link VerifyOptions}
 */
export function createAppCompiler(paths: readonly string[] = ['/']): (app: App) => CompiledApp {
  const compiled = new WeakMap<App, CompiledApp>();
  return (app) => {
    const known = compiled.get(app);
    if (known !== undefined) return known;
    const fresh = compile(app, paths);
    compiled.set(app, fresh);
    return fresh;
  };
}

function compile(app: App, paths: readonly string[]): CompiledApp {
  checkApp(app);
  const keys = new Map<string, readonly SigningKey[]>();
  const { allowOrigins, limits, subjectLimits } = app;
  const countsTokens = limits?.tokens !== undefined || subjectLimits?.tokens !== undefined;
  const upstreams = app.upstreams.map((upstream) => ({
    matches: compileUpstream(upstream.origin),
    injected: upstream.headers,
    injectedNames: new Set([
      ...upstream.headers.map(([name]) => name.toLowerCase()),
      ...(upstream.denyHeaders ?? []),
      // What is encoded cannot be read for its usage.
      ...(countsTokens ? ['accept-encoding'] : []),
    ]),
    secrets: secretsOf(upstream.headers),
    reportOnly: upstream.reportOnly ?? false,
    methods: upstream.methods,
    timeouts: upstream.timeouts,
  }));
  const makeKeys = (day: string) => {
    const made = app.secrets.map((secret) => signingKey(secret, day, bunHashes));
    // The day is the caller's to choose, within the longest expiry.
    if (keys.size >= MAX_DAYS) keys.clear();
    keys.set(day, made);
    return made;
  };
  return {
    id: app.id,
    paths,
    hashes: bunHashes,
    signingKeys(day) {
      return keys.get(day) ?? makeKeys(day);
    },
    route(url) {
      for (const upstream of upstreams) if (upstream.matches(url)) return upstream;
      return undefined;
    },
    maxExpiry: app.maxExpiry,
    cors: allowOrigins === undefined ? undefined : createCors({ allowOrigins }),
    required: app.required ?? [],
    schemas: new Map(
      Object.entries(app.schemas ?? {}).map(([name, schema]) => [name, compileJsonSchema(schema)]),
    ),
    limits,
    subjectLimits,
    whenStoreIsAway: app.whenStoreIsAway ?? 'refuse',
    countsTokens,
    countsBytes: limits?.bytes !== undefined || subjectLimits?.bytes !== undefined,
  };
}

const MAX_DAYS = 16;
