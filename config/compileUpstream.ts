import {
  ANY_ORIGIN,
  compileUpstream as compileRule,
  type Upstream,
  type UpstreamTimeouts,
} from '../server/upstream/upstreamRule.ts';
import { METHOD } from '../signing/parameters.ts';
import { mapPresent, milliseconds } from './amounts.ts';
import type { UpstreamConfig } from './configSchema.ts';
import { resolveTemplate, resolveValue, type ValueSources } from './configValue.ts';
import { PRESETS, type Preset } from './presets.ts';
import type { ProblemList } from './problemList.ts';

/** Makes an upstream of its configuration; undefined when something is wrong with it, which is noted. */
export function compileUpstream(
  config: UpstreamConfig,
  { problems, sources }: { problems: ProblemList; sources: ValueSources },
): Upstream | undefined {
  const before = problems.problems.length;
  const preset: Preset | undefined = config.preset === undefined ? undefined : PRESETS[config.preset];
  const origin = config.origin ?? preset?.origin;
  if (origin === undefined) problems.error('needs an origin, or a preset with its key');
  else problems.at('origin').attempt(() => compileRule(origin));
  if (
    preset !== undefined &&
    config.origin !== undefined &&
    URL.parse(config.origin)?.origin !== preset.origin
  ) {
    problems
      .at('origin')
      .warn(`is not below ${preset.origin}, and is sent the key of the preset all the same`);
  }
  const headers = [
    ...keyHeader(config, { preset, problems, sources }),
    ...ownHeaders(config, { problems, sources }),
  ];
  checkNames(headers, problems);
  if (origin === ANY_ORIGIN && headers.length > 0) {
    problems.at('origin').error('must name where the headers may go: with * anyone who signs gets them');
  }
  for (const [index, method] of (config.methods ?? []).entries()) {
    if (!METHOD.test(method))
      problems.at('methods', index).error('must be an upper-case method such as POST');
  }
  if (problems.problems.slice(before).some(({ severity }) => severity === 'error')) return undefined;
  const denied = [...(preset?.denyHeaders ?? []), ...(config.denyHeaders ?? [])];
  return {
    origin: origin!,
    headers,
    ...(config.methods === undefined ? {} : { methods: config.methods }),
    ...(denied.length === 0 ? {} : { denyHeaders: denied.map((name) => name.toLowerCase()) }),
    ...(config.timeouts === undefined ? {} : { timeouts: timeoutsOf(config.timeouts) }),
  };
}

interface HeaderContext {
  preset?: Preset | undefined;
  problems: ProblemList;
  sources: ValueSources;
}

type HeaderList = (readonly [name: string, value: string])[];

function keyHeader(
  { key, preset: name }: UpstreamConfig,
  { preset, problems, sources }: HeaderContext,
): HeaderList {
  if (preset === undefined) {
    if (key !== undefined)
      problems.at('key').error('belongs to a preset: write the header itself under headers');
    return [];
  }
  if (key === undefined) {
    problems.error(`needs the key of the preset ${name}: key: 'env:${name!.toUpperCase()}_API_KEY'`);
    return [];
  }
  const value = problems.at('key').takeSecret(resolveValue(key, sources));
  if (value === undefined) return [];
  const [header, write] = preset.header;
  return [[header, checkedValue(write(value), problems.at('key'))]];
}

function ownHeaders({ headers = {} }: UpstreamConfig, { problems, sources }: HeaderContext): HeaderList {
  return Object.entries(headers).flatMap(([name, text]): HeaderList => {
    const at = problems.at('headers', name);
    const resolved = resolveTemplate(text, sources);
    const value = SECRET_NAMES.test(name) ? at.takeSecret(resolved) : at.take(resolved);
    return value === undefined ? [] : [[name, checkedValue(value, at)]];
  });
}

// Names of headers whose values are keys, as far as a name tells.
const SECRET_NAMES = /authorization|cookie|key|password|secret|token/i;

function checkedValue(value: string, problems: ProblemList): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what no header can carry is refused
  if (/[\u0000-\u0008\u000a-\u001f\u007f\u0100-\uffff]/.test(value)) {
    problems.error('holds a character that no header can carry');
  }
  return value;
}

function checkNames(headers: HeaderList, problems: ProblemList): void {
  const seen = new Set<string>();
  for (const [name] of headers) {
    const lower = name.toLowerCase();
    const at = problems.at('headers', name);
    if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name)) at.error('is a name that no header can have');
    if (FRAMING.has(lower)) at.error('is set by the gateway itself');
    if (seen.has(lower)) at.error('is there a second time');
    seen.add(lower);
  }
}

// RFC 9110, section 7.6.1, and RFC 9112, section 6: these belong to a connection, not to a request.
const FRAMING = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

function timeoutsOf(timeouts: NonNullable<UpstreamConfig['timeouts']>): Partial<UpstreamTimeouts> {
  const { connect, head, silence, eventStreamSilence, total } = timeouts;
  return mapPresent(
    {
      connectTimeout: connect,
      headTimeout: head,
      silenceTimeout: silence,
      eventStreamSilenceTimeout: eventStreamSilence,
      totalTimeout: total,
    },
    milliseconds,
  );
}
