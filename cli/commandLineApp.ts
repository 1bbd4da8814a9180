import { ANY_ORIGIN, type App } from '../server/index.ts';
import { compileUpstream } from '../server/upstream/upstreamRule.ts';
import { CliError } from './cliError.ts';
import type { CommandLine } from './commandLine.ts';
import { EXIT } from './exitCodes.ts';
import { given } from './given.ts';
import { readHeaderFields, splitHeaderLines } from './headerFields.ts';
import { findSourced, type Source } from './secretSources.ts';
import type { SERVE_OPTIONS } from './serveOptions.ts';

/** The one app that a command line and its environment describe. */
export interface CommandLineApp {
  readonly id: string;
  readonly secret: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Which of them stood on the command line, where others can read them. */
  readonly inArgv: { readonly secret: boolean; readonly headers: readonly string[] };
  readonly upstreams: readonly string[];
  /** Whether requests to other upstreams pass and are only reported. */
  readonly reportOnly: boolean;
}

export interface SettingsSources {
  env: Readonly<Record<string, string | undefined>>;
  warn(message: string): void;
}

export type ServeLine = CommandLine<keyof typeof SERVE_OPTIONS>;

/** @throws {CliError} 2 for the command line, 3 for the environment and files */
export function readCommandLineApp(line: ServeLine, sources: SettingsSources): CommandLineApp {
  const { env } = sources;
  const id = given(line.value('id'), { option: 'the app id', variable: 'SW_ID', env });
  if (id === undefined) {
    throw new CliError(
      EXIT.usage,
      'there is no app id',
      'Give it as `signway serve ID` or in SW_ID, or apps in a file with --config. `signway keygen` makes an id and ' +
        'a secret, `signway init` a file.',
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
  const reportOnly = line.flag('report-only') === true;
  if (reportOnly && upstreams.length === 0) {
    throw new CliError(
      EXIT.usage,
      '--report-only reports what --allow-upstream would refuse, and there is none',
    );
  }
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
    reportOnly,
  };
}

/** As the server takes it. */
export function appOf({ id, secret, upstreams, headers, reportOnly }: CommandLineApp): App {
  const listed = upstreams.map((origin) => ({ origin, headers }));
  const others = reportOnly ? [{ origin: ANY_ORIGIN, headers, reportOnly }] : [];
  return { id, secrets: [secret], upstreams: [...listed, ...others] };
}

/** The options that describe the app of a command line, by how they are called. */
export function givenAppOptions(line: ServeLine): string[] {
  const names = {
    id: 'ID',
    secret: 'SECRET',
    'secret-file': '--secret-file',
    header: '-H',
    'headers-file': '--headers-file',
    'allow-upstream': '--allow-upstream',
  } as const;
  const given = Object.entries(names).flatMap(([option, name]) =>
    line.values(option as keyof typeof names).length > 0 ? [name] : [],
  );
  return line.flag('report-only') === true ? [...given, '--report-only'] : given;
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
