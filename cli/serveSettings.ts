import { readFileSync } from 'node:fs';
import { parseDuration } from '../config/duration.ts';
import type { StoreChoice } from '../config/gatewayConfig.ts';
import type { App, CorsOptions, Limits, PinnedName } from '../server/index.ts';
import { parseNetwork } from '../server/upstream/addressRange.ts';
import { shownUrl } from '../server/upstream/shownUrl.ts';
import { readBasePath } from './basePath.ts';
import { CliError } from './cliError.ts';
import {
  appOf,
  type CommandLineApp,
  givenAppOptions,
  readCommandLineApp,
  type ServeLine,
  type SettingsSources,
} from './commandLineApp.ts';
import { EXIT } from './exitCodes.ts';
import { given } from './given.ts';
import { readLimits } from './limitOptions.ts';
import type { LoadedConfig } from './loadConfig.ts';
import { readPinnedName } from './pinnedName.ts';
import { readStore } from './storeChoice.ts';
import { findTlsFiles, type TlsFiles } from './tlsFiles.ts';
import { readTransport, type TransportName } from './transportChoice.ts';
import { readWorkerCount } from './workers/workerCount.ts';

/** A gateway as the command line, the environment and a configuration file describe it; everything is checked. */
export interface ServeSettings {
  readonly apps: readonly App[];
  /** The app of the command line; null where the apps are a file's. */
  readonly app: CommandLineApp | null;
  /** The configuration file, if there is one. */
  readonly configPath: string | null;
  readonly reloadOnChange: boolean;
  readonly store: StoreChoice;
  readonly allowNetworks: readonly string[];
  readonly trustProxies: readonly string[];
  readonly resolve: readonly PinnedName[];
  readonly upstreamCa: string | undefined;
  readonly port: number;
  readonly hostname: string | undefined;
  /** As `createSignway` takes it. */
  readonly basePath: string;
  readonly front: 'http1' | 'bun';
  /** Null: plain HTTP. */
  readonly tlsFiles: TlsFiles | null;
  readonly cors: CorsOptions;
  readonly limits: Partial<Limits>;
  /** Milliseconds. */
  readonly drain: number;
  readonly transport: TransportName;
  /** Whether a line is written for every exchange. */
  readonly exchangeLines: boolean;
  /** Null: this process serves by itself. */
  readonly workers: number | null;
}

/**
 * Reads and checks everything, before anything is listened on. Each setting is the command line's, else the
 * environment's, else the configuration file's, else the default.
 *
 * @throws {CliError} 2 for the command line, 3 for the environment and files
 */
export function readServeSettings(
  line: ServeLine,
  { loaded, ...sources }: SettingsSources & { loaded?: LoadedConfig | undefined },
): ServeSettings {
  const { env } = sources;
  const config = loaded?.config;
  const app = config === undefined ? readCommandLineApp(line, sources) : null;
  const [first] = config === undefined ? [] : givenAppOptions(line);
  if (first !== undefined) {
    throw new CliError(EXIT.usage, `the apps are those of ${loaded!.path}, and ${first} describes another`);
  }
  const store = given(line.value('store'), { option: '--store', variable: 'SW_STORE', env });
  const networks = readNetworks('allow-network', line);
  const proxies = readNetworks('trust-proxy', line);
  const names = line.values('resolve').map(readPinnedName);
  const authorities = readAuthorities(line.value('upstream-ca'));
  const tlsFiles = findTlsFiles(line, env) ?? config?.tls ?? null;
  return {
    apps: app === null ? config!.apps : [appOf(app)],
    app,
    configPath: loaded?.path ?? null,
    reloadOnChange: line.flag('reload-on-change') ?? config?.reloadOnChange ?? false,
    store: store === undefined ? (config?.store ?? { kind: 'memory' }) : readStore(store),
    allowNetworks: networks.length > 0 ? networks : (config?.network.allowNetworks ?? []),
    trustProxies: proxies.length > 0 ? proxies : (config?.trustProxies ?? []),
    resolve: names.length > 0 ? names : (config?.network.resolve ?? []),
    upstreamCa: authorities ?? config?.upstreamCa,
    port: readPort(line.value('port'), { variable: env.PORT, configured: config?.port }),
    hostname: line.value('host') ?? config?.host,
    basePath: readBasePath(line.value('base-path') ?? config?.basePath),
    front: readFront(line.value('front'), tlsFiles),
    tlsFiles,
    cors: { ...config?.cors, ...readCors(line) },
    limits: { ...config?.limits, ...readLimits(line) },
    drain: readDrain(line.value('drain')) ?? config?.drain ?? DEFAULT_DRAIN,
    transport: readTransport(line.value('transport')),
    exchangeLines: line.flag('bytes-monitor') ?? config?.exchangeLines ?? true,
    workers: readWorkerCount(line.value('workers') ?? config?.workers?.toString()),
  };
}

const DEFAULT_DRAIN = 30_000;

function readNetworks(option: 'allow-network' | 'trust-proxy', line: ServeLine): readonly string[] {
  const networks = line.values(option);
  const bad = networks.find((cidr) => parseNetwork(cidr) === null);
  if (bad === undefined) return networks;
  throw new CliError(EXIT.usage, `--${option} must be a network such as 10.0.0.0/8, not '${bad}'`);
}

function readAuthorities(path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  let pem: string;
  try {
    pem = readFileSync(path, 'utf8');
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'unknown reason';
    throw new CliError(EXIT.configuration, `--upstream-ca: ${path} cannot be read: ${reason}`);
  }
  if (!pem.includes('-----BEGIN CERTIFICATE-----')) {
    throw new CliError(EXIT.configuration, `--upstream-ca: ${path} holds no PEM certificate`);
  }
  return pem;
}

function readPort(
  argument: string | undefined,
  { variable, configured = 3000 }: { variable: string | undefined; configured?: number | undefined },
): number {
  const text = argument ?? (variable || String(configured));
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  const [name, exitCode] =
    argument === undefined ? (['PORT', EXIT.configuration] as const) : (['--port', EXIT.usage] as const);
  throw new CliError(exitCode, `${name} must be a port from 0 to 65535, not '${text}'`);
}

function readFront(given: string | undefined, tlsFiles: TlsFiles | null): 'http1' | 'bun' {
  const text = given ?? (tlsFiles === null ? 'http1' : 'bun');
  if (text === 'http1' && tlsFiles !== null) {
    throw new CliError(EXIT.usage, '--front http1 speaks no TLS', 'Leave it out, or name bun.');
  }
  if (text === 'http1' || text === 'bun') return text;
  throw new CliError(EXIT.usage, `--front must be http1 or bun, not '${text}'`);
}

function readCors(line: ServeLine): CorsOptions {
  const origins = line.values('access-control-allow-origin').flatMap((value) => value.split(/\s*,\s*/));
  const methods = line.value('access-control-allow-methods');
  const headers = line.value('access-control-allow-headers');
  return {
    ...(origins.length === 0 ? {} : { allowOrigins: readOrigins(origins) }),
    ...(methods === undefined ? {} : { allowMethods: methods }),
    ...(headers === undefined ? {} : { allowHeaders: headers }),
  };
}

function readOrigins(origins: readonly string[]): '*' | readonly string[] {
  if (origins.length === 1 && origins[0] === '*') return '*';
  return origins.map((origin) => {
    // A page writes its origin so in its Origin header (RFC 6454, section 6.2); another spelling never matches.
    const normal = URL.parse(origin)?.origin;
    if (normal === origin && normal !== 'null') return origin;
    throw new CliError(
      EXIT.usage,
      `--access-control-allow-origin must be an origin such as https://app.example.com, not '${shownUrl(origin)}'`,
      normal === undefined || normal === 'null' ? undefined : `Did you mean ${normal}?`,
    );
  });
}

function readDrain(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const drain = parseDuration(text);
  if (drain === undefined) throw new CliError(EXIT.usage, '--drain must be a time such as 30s or 5m');
  return drain;
}
