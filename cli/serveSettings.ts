import { readFileSync } from 'node:fs';
import { parseDuration } from '../config/duration.ts';
import { ANY_ORIGIN, type CorsOptions, type Limits, type PinnedName } from '../server/index.ts';
import { parseNetwork } from '../server/upstream/addressRange.ts';
import { shownUrl } from '../server/upstream/shownUrl.ts';
import { compileUpstream } from '../server/upstream/upstreamRule.ts';
import { CliError } from './cliError.ts';
import type { CommandLine } from './commandLine.ts';
import { EXIT } from './exitCodes.ts';
import { given } from './given.ts';
import { readHeaderFields, splitHeaderLines } from './headerFields.ts';
import { readLimits } from './limitOptions.ts';
import { readPinnedName } from './pinnedName.ts';
import { findSourced, type Source } from './secretSources.ts';
import type { SERVE_OPTIONS } from './serveOptions.ts';
import { readTransport, type TransportName } from './transportChoice.ts';

/** A gateway as the command line, the environment and files describe it; everything is checked. */
export interface ServeSettings {
  readonly id: string;
  readonly secret: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Which of them stood on the command line, where others can read them. */
  readonly inArgv: { readonly secret: boolean; readonly headers: readonly string[] };
  readonly upstreams: readonly string[];
  readonly allowNetworks: readonly string[];
  readonly trustProxies: readonly string[];
  readonly resolve: readonly PinnedName[];
  readonly upstreamCa: string | undefined;
  readonly port: number;
  readonly hostname: string | undefined;
  readonly front: 'http1' | 'bun';
  readonly cors: CorsOptions;
  readonly limits: Partial<Limits>;
  /** Milliseconds. */
  readonly drain: number;
  readonly transport: TransportName;
  /** Whether a line is written for every exchange. */
  readonly exchangeLines: boolean;
}

export interface SettingsSources {
  env: Readonly<Record<string, string | undefined>>;
  warn(message: string): void;
}

type ServeLine = CommandLine<keyof typeof SERVE_OPTIONS>;

/**
 * Reads and checks everything, before anything is listened on.
 *
 * @throws {CliError} 2 for the command line, 3 for the environment and files
 */
export function readServeSettings(line: ServeLine, sources: SettingsSources): ServeSettings {
  const { env } = sources;
  const id = given(line.value('id'), { option: 'the app id', variable: 'SW_ID', env });
  if (id === undefined) {
    throw new CliError(
      EXIT.usage,
      'there is no app id',
      'Give it as `signway serve ID` or in SW_ID. `signway keygen` makes an id and a secret.',
    );
  }
  if (id.text === '') throw new CliError(id.exitCode, `${id.name} is empty`);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
  if (/[/\u0000-\u001f\u007f]/.test(id.text)) {
    throw new CliError(id.exitCode, `${id.name} must hold no slash and no control character`);
  }
  const secret = findSourced({
    argument: line.value('secret'),
    file: line.value('secret-file'),
    variable: 'SW_SECRET',
    ...sources,
  });
  if (secret === undefined) {
    throw new CliError(
      EXIT.usage,
      `app '${id.text}' has no secret`,
      'Put it into SW_SECRET or SW_SECRET_FILE.',
    );
  }
  if (secret.text === '') throw new CliError(EXIT.usage, 'the secret is empty');
  const { headers, source } = readInjectedHeaders(line, sources);
  const upstreams = readUpstreams(line.values('allow-upstream'));
  if (headers.length > 0 && upstreams.length > 1) {
    throw new CliError(
      EXIT.usage,
      'headers belong to one upstream, and there are several --allow-upstream',
      'Run one gateway for each upstream, or leave one --allow-upstream.',
    );
  }

  return {
    id: id.text,
    secret: secret.text,
    headers,
    inArgv: {
      secret: secret.source === 'argument',
      headers: source === 'argument' ? headers.map(([name]) => name) : [],
    },
    upstreams: upstreams.length === 0 ? [ANY_ORIGIN] : upstreams,
    allowNetworks: readNetworks('allow-network', line),
    trustProxies: readNetworks('trust-proxy', line),
    resolve: line.values('resolve').map(readPinnedName),
    upstreamCa: readAuthorities(line.value('upstream-ca')),
    port: readPort(line.value('port'), env.PORT),
    hostname: line.value('host'),
    front: readFront(line.value('front')),
    cors: readCors(line),
    limits: readLimits(line),
    drain: readDrain(line.value('drain')),
    transport: readTransport(line.value('transport')),
    exchangeLines: line.flag('bytes-monitor') ?? true,
  };
}

/** The headers of the command line; else those of `--headers-file`, `SW_HEADERS` or `SW_HEADERS_FILE`. */
function readInjectedHeaders(
  line: ServeLine,
  sources: SettingsSources,
): { headers: [string, string][]; source: Source | undefined } {
  const given = line.values('header');
  const elsewhere = findSourced({
    argument: undefined,
    file: line.value('headers-file'),
    variable: 'SW_HEADERS',
    lines: 'many',
    ...sources,
  });
  if (given.length > 0) {
    if (elsewhere !== undefined) {
      sources.warn('the headers of -H are used, those of the environment or a file are not');
    }
    return { headers: readHeaderFields(given, { from: '-H', exitCode: EXIT.usage }), source: 'argument' };
  }
  if (elsewhere === undefined) return { headers: [], source: undefined };
  const from = elsewhere.source === 'file' ? 'the file of headers' : 'SW_HEADERS';
  const lines = splitHeaderLines(elsewhere.text);
  return {
    headers: readHeaderFields(lines, { from, exitCode: EXIT.configuration }),
    source: elsewhere.source,
  };
}

function readUpstreams(origins: readonly string[]): readonly string[] {
  for (const origin of origins) {
    try {
      compileUpstream(origin);
    } catch (error) {
      throw new CliError(
        EXIT.usage,
        `--allow-upstream: ${(error as Error).message}`,
        'For example --allow-upstream https://api.openai.com',
      );
    }
  }
  return origins;
}

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

function readPort(argument: string | undefined, variable: string | undefined): number {
  const text = argument ?? (variable || '3000');
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  const [name, exitCode] =
    argument === undefined ? (['PORT', EXIT.configuration] as const) : (['--port', EXIT.usage] as const);
  throw new CliError(exitCode, `${name} must be a port from 0 to 65535, not '${text}'`);
}

function readFront(text = 'http1'): 'http1' | 'bun' {
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

function readDrain(text = '30s'): number {
  const drain = parseDuration(text);
  if (drain === undefined) throw new CliError(EXIT.usage, '--drain must be a time such as 30s or 5m');
  return drain;
}
