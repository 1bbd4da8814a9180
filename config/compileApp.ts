import type { App } from '../server/apps.ts';
import { compileJsonSchema } from '../server/jsonSchema/compileJsonSchema.ts';
import type { AppLimits } from '../server/limiting/appLimits.ts';
import {
  ANY_ORIGIN,
  compileUpstream as compileRule,
  type Upstream,
  type UpstreamRule,
} from '../server/upstream/upstreamRule.ts';
import { SCHEMA_NAME } from '../signing/extensionValues.ts';
import { bytes, milliseconds, wholeSeconds } from './amounts.ts';
import { compileUpstream } from './compileUpstream.ts';
import type { AppConfig, LimitsConfig } from './configSchema.ts';
import { resolveValue, type ValueSources } from './configValue.ts';
import { checkOrigins } from './origins.ts';
import type { ProblemList } from './problemList.ts';

/** Makes an app of its configuration. Where something is wrong with it, that is noted, and the app is not whole. */
export function compileApp(
  config: AppConfig,
  { problems, sources }: { problems: ProblemList; sources: ValueSources },
): App {
  const { allowOrigins, maxExpiry, require, schemas, limits, subjectLimits, whenStoreIsAway } = config;
  checkOrigins(allowOrigins, problems.at('allowOrigins'));
  checkSchemas(schemas, problems.at('schemas'));
  return {
    id: config.id,
    secrets: secretsOf(config, { problems: problems.at('secrets'), sources }),
    upstreams: upstreamsOf(config, { problems: problems.at('upstreams'), sources }),
    ...(allowOrigins === undefined ? {} : { allowOrigins }),
    ...(maxExpiry === undefined ? {} : { maxExpiry: wholeSeconds(maxExpiry, problems.at('maxExpiry')) }),
    ...(require === undefined ? {} : { required: require }),
    ...(schemas === undefined ? {} : { schemas }),
    ...(limits === undefined ? {} : { limits: limitsOf(limits, problems.at('limits')) }),
    ...(subjectLimits === undefined
      ? {}
      : { subjectLimits: limitsOf(subjectLimits, problems.at('subjectLimits')) }),
    ...(whenStoreIsAway === undefined ? {} : { whenStoreIsAway }),
  };
}

function upstreamsOf(
  { upstreams }: AppConfig,
  { problems, sources }: { problems: ProblemList; sources: ValueSources },
): Upstream[] {
  const before: { index: number; takes: UpstreamRule }[] = [];
  return upstreams.flatMap((upstream, index) => {
    const at = problems.at(index);
    const compiled = compileUpstream(upstream, { problems: at, sources });
    if (compiled === undefined) return [];
    const { origin } = compiled;
    if (origin === ANY_ORIGIN) at.at('origin').warn('lets whoever signs call any public server');
    const one = oneOf(origin);
    const first = before.find(({ takes }) => one !== null && takes(one));
    if (first !== undefined)
      at.warn(`is never used: all that goes there belongs to upstreams[${first.index}]`);
    before.push({ index, takes: compileRule(origin) });
    return [compiled];
  });
}

/** A URL that belongs to an origin, and to another only if all of its do; null for any origin. */
function oneOf(origin: string): URL | null {
  return URL.parse(origin.replace('://*.', '://any-of-them.'));
}

function secretsOf(
  { secrets }: AppConfig,
  { problems, sources }: { problems: ProblemList; sources: ValueSources },
): string[] {
  return secrets.flatMap((text, index) => {
    const at = problems.at(index);
    const secret = at.takeSecret(resolveValue(text, sources));
    if (secret === undefined) return [];
    const length = new TextEncoder().encode(secret).byteLength;
    if (length < LEAST_SECRET_BYTES) {
      at.warn(`has ${length} bytes; use ${LEAST_SECRET_BYTES} or more, which signway keygen makes`);
    }
    return [secret];
  });
}

const LEAST_SECRET_BYTES = 32;

function checkSchemas(schemas: AppConfig['schemas'], problems: ProblemList): void {
  for (const [name, schema] of Object.entries(schemas ?? {})) {
    const at = problems.at(name);
    if (!SCHEMA_NAME.test(name)) at.error('is no name that a URL can hold: 1 to 64 of A-Z a-z 0-9 . _ -');
    at.attempt(() => compileJsonSchema(schema));
  }
}

/** Unlike a timeout of the gateway, a limit of 0 is not none. */
function checkNotNone(time: string | number | undefined, problems: ProblemList): void {
  if (time !== undefined && milliseconds(time) === 0) problems.error('must be over 0');
}

function limitsOf(config: LimitsConfig, problems: ProblemList): AppLimits {
  const { requests, streams, bytes: amount, tokens, duration } = config;
  for (const name of ['requests', 'bytes', 'tokens'] as const) {
    checkNotNone(config[name]?.window, problems.at(name, 'window'));
  }
  checkNotNone(duration, problems.at('duration'));
  if (tokens !== undefined && tokens.reserve > tokens.limit)
    problems.at('tokens', 'reserve').warn('is over the limit: what names no maximum of its own never passes');
  return {
    ...(requests === undefined
      ? {}
      : { requests: { limit: requests.limit, window: milliseconds(requests.window) } }),
    ...(streams === undefined ? {} : { streams }),
    ...(amount === undefined
      ? {}
      : {
          bytes: {
            limit: bytes(amount.limit),
            window: milliseconds(amount.window),
            ...(amount.reserve === undefined ? {} : { reserve: bytes(amount.reserve) }),
          },
        }),
    ...(tokens === undefined ? {} : { tokens: { ...tokens, window: milliseconds(tokens.window) } }),
    ...(duration === undefined ? {} : { duration: milliseconds(duration) }),
  };
}
