import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import * as v from 'valibot';
import type { CorsOptions } from '../server/headers/cors.ts';
import type { Limits } from '../server/limits.ts';
import { parseNetwork } from '../server/upstream/addressRange.ts';
import type { PinnedName } from '../server/upstream/network.ts';
import { parsePinnedName } from '../server/upstream/pinnedName.ts';
import { bytes, mapPresent, milliseconds, wholeSeconds } from './amounts.ts';
import { compileApp } from './compileApp.ts';
import type { ConfigProblem } from './configProblem.ts';
import { configSchema, type SignwayConfig } from './configSchema.ts';
import { resolveValue, type ValueSources } from './configValue.ts';
import type { GatewayConfig, StoreChoice } from './gatewayConfig.ts';
import { inOrderOfPlace } from './inOrderOfPlace.ts';
import { judgeMisshapen } from './judgeMisshapen.ts';
import { checkOrigins } from './origins.ts';
import { ProblemList } from './problemList.ts';

export interface CompiledConfig {
  /** Null when there is an error among the problems. */
  readonly config: GatewayConfig | null;
  /** Everything that is wrong or should be known. */
  readonly problems: readonly ConfigProblem[];
}

/**
 * Checks what a configuration file holds and makes a gateway's configuration of it: first its shape, then what the parts
 * name whose shape is right. It never stops at the first problem.
 *
 * **Security**: no problem repeats a value that could be a secret.
 */
export function compileConfig(value: unknown, sources: ValueSources): CompiledConfig {
  const shaped = v.safeParse(configSchema, value);
  const list = new ProblemList();
  if (!shaped.success) {
    const { problems, rest } = judgeMisshapen(value);
    if (rest !== null) compile(rest.config, { problems: list, sources });
    const further = list.problems.flatMap((problem) => {
      const path = rest!.placeOf(problem.path);
      return path === null ? [] : [{ ...problem, path }];
    });
    return { config: null, problems: inOrderOfPlace([...problems, ...further], value) };
  }
  const config = compile(shaped.output, { problems: list, sources });
  const wrong = list.problems.some(({ severity }) => severity === 'error');
  return { config: wrong ? null : config, problems: inOrderOfPlace(list.problems, value) };
}

interface Context {
  problems: ProblemList;
  sources: ValueSources;
}

function compile(config: SignwayConfig, { problems, sources }: Context): GatewayConfig {
  const seen = new Set<string>();
  const apps = config.apps.map((app, index) => {
    const at = problems.at('apps', index);
    if (seen.has(app.id)) at.at('id').error(`is the id of another app too: '${app.id}'`);
    seen.add(app.id);
    return compileApp(app, { problems: at, sources });
  });
  checkOrigins(config.allowOrigins, problems.at('allowOrigins'));
  return {
    apps,
    network: {
      allowNetworks: networksOf(config.allowNetworks, problems.at('allowNetworks')),
      resolve: pinnedNamesOf(config, problems.at('resolve')),
    },
    trustProxies: networksOf(config.trustProxies, problems.at('trustProxies')),
    cors: corsOf(config),
    limits: gatewayLimitsOf(config.limits ?? {}, problems.at('limits')),
    store: storeOf(config.store, { problems: problems.at('store'), sources }),
    upstreamCa: authoritiesOf(config, { problems: problems.at('upstreamCa'), sources }),
    port: config.port,
    host: config.host,
    basePath: config.basePath,
    tls:
      config.tls === undefined
        ? undefined
        : { cert: resolve(sources.folder, config.tls.cert), key: resolve(sources.folder, config.tls.key) },
    workers: config.workers,
    drain: config.drain === undefined ? undefined : milliseconds(config.drain),
    exchangeLines: config.exchangeLines,
    reloadOnChange: config.reloadOnChange ?? false,
  };
}

function networksOf(networks: readonly string[] = [], problems: ProblemList): readonly string[] {
  for (const [index, network] of networks.entries()) {
    if (parseNetwork(network) === null) problems.at(index).error('must be a network such as 10.0.0.0/8');
  }
  return networks;
}

function pinnedNamesOf({ resolve: names = [] }: SignwayConfig, problems: ProblemList): readonly PinnedName[] {
  return names.flatMap((name, index) => {
    const pinned = parsePinnedName(name);
    if (pinned === undefined)
      problems.at(index).error('must be HOST:PORT:ADDRESS, such as api.example.com:443:10.0.0.5');
    return pinned ?? [];
  });
}

function corsOf({ allowOrigins, allowMethods, allowHeaders }: SignwayConfig): CorsOptions {
  return {
    ...(allowOrigins === undefined ? {} : { allowOrigins }),
    ...(allowMethods === undefined ? {} : { allowMethods }),
    ...(allowHeaders === undefined ? {} : { allowHeaders }),
  };
}

function gatewayLimitsOf(
  limits: NonNullable<SignwayConfig['limits']>,
  problems: ProblemList,
): Partial<Limits> {
  const { maxExpiry, clockSkew, maxRequests, maxRequestsPerClient, ...amounts } = limits;
  const { maxUrlLength, maxSignedBody, maxBody, maxHeaderBytes, maxHeldBytes, ...timeouts } = amounts;
  return {
    ...mapPresent({ maxExpiry, clockSkew }, (time, name) => wholeSeconds(time, problems.at(name))),
    ...mapPresent({ maxRequests, maxRequestsPerClient }, (count) => count),
    ...mapPresent({ maxUrlLength, maxSignedBody, maxBody, maxHeaderBytes, maxHeldBytes }, bytes),
    ...mapPresent(timeouts, milliseconds),
  };
}

function storeOf(store: SignwayConfig['store'], { problems, sources }: Context): StoreChoice | undefined {
  if (store === undefined) return undefined;
  if (store === 'memory') return { kind: 'memory' };
  const { sqlite, redis, prefix } = store;
  const timeout = store.timeout === undefined ? {} : { timeout: milliseconds(store.timeout) };
  if (timeout.timeout === 0) problems.at('timeout').error('must be over 0');
  if ((sqlite === undefined) === (redis === undefined)) {
    return problems.error("must name one of sqlite and redis, or be 'memory'");
  }
  if (sqlite !== undefined) {
    if (prefix !== undefined) problems.at('prefix').error('belongs to redis');
    return { kind: 'sqlite', path: resolve(sources.folder, sqlite), ...timeout };
  }
  const url = problems.at('redis').take(resolveValue(redis!, sources));
  if (url === undefined) return undefined;
  if (!/^(?:rediss?|valkeys?):\/\/[^/?#]/.test(url) || URL.parse(url) === null) {
    return problems.at('redis').error('must be a redis:// or rediss:// URL');
  }
  return { kind: 'redis', url, ...(prefix === undefined ? {} : { prefix }), ...timeout };
}

function authoritiesOf({ upstreamCa }: SignwayConfig, { problems, sources }: Context): string | undefined {
  if (upstreamCa === undefined) return undefined;
  try {
    const pem = readFileSync(resolve(sources.folder, upstreamCa), 'utf8');
    return pem.includes('-----BEGIN CERTIFICATE-----') ? pem : problems.error('holds no PEM certificate');
  } catch (error) {
    return problems.error(`cannot be read: ${(error as NodeJS.ErrnoException).code}`);
  }
}
