import { formatByteSize, parseByteSize } from '../config/byteSize.ts';
import { formatDuration, parseDuration } from '../config/duration.ts';
import { DEFAULT_LIMITS, type Limits } from '../server/limits.ts';
import { CliError } from './cliError.ts';
import type { OptionDef } from './commandLine.ts';
import { EXIT } from './exitCodes.ts';

/** An option for every limit of the gateway: a limit without one is a type error here. */
const LIMITS = {
  maxExpiry: { option: 'max-expiry', unit: 'seconds', description: 'Longest validity a URL may claim' },
  clockSkew: { option: 'clock-skew', unit: 'seconds', description: 'How far a signing time may lie ahead' },
  maxUrlLength: { option: 'max-url-length', unit: 'bytes', description: 'Longest URL' },
  maxSignedBody: {
    option: 'max-signed-body',
    unit: 'bytes',
    description: 'Largest signed body; it is held in memory until it is verified',
  },
  maxBody: { option: 'max-body', unit: 'bytes', description: 'Largest body that is streamed through' },
  maxHeaderBytes: {
    option: 'max-header-bytes',
    unit: 'bytes',
    description: 'Largest header section of a request',
  },
  maxRequests: {
    option: 'max-requests',
    unit: 'count',
    description: 'Requests that are answered at the same time, event streams among them',
  },
  maxRequestsPerClient: {
    option: 'max-requests-per-client',
    unit: 'count',
    description: 'The same for one client address',
  },
  maxHeldBytes: {
    option: 'max-held-bytes',
    unit: 'bytes',
    description: 'Bodies held in memory, all requests together',
  },
  headerTimeout: {
    option: 'header-timeout',
    unit: 'milliseconds',
    description: "From a request's first byte to the end of its headers",
  },
  bodyTimeout: { option: 'body-timeout', unit: 'milliseconds', description: 'To receive a signed body' },
  bodySilenceTimeout: {
    option: 'body-silence-timeout',
    unit: 'milliseconds',
    description: 'Silence within a body that is streamed through',
  },
  keepAliveTimeout: {
    option: 'keep-alive-timeout',
    unit: 'milliseconds',
    description: 'Between two requests on one connection',
  },
  sendTimeout: {
    option: 'send-timeout',
    unit: 'milliseconds',
    description: 'While a client takes nothing of its answer',
  },
  connectTimeout: {
    option: 'connect-timeout',
    unit: 'milliseconds',
    description: 'To connect to the upstream, TLS included',
  },
  headTimeout: {
    option: 'head-timeout',
    unit: 'milliseconds',
    description: "From the request being sent to the upstream's status",
  },
  silenceTimeout: {
    option: 'silence-timeout',
    unit: 'milliseconds',
    description: 'Silence within an answer that is no event stream',
  },
  eventStreamSilenceTimeout: {
    option: 'event-stream-silence-timeout',
    unit: 'milliseconds',
    description: 'Silence within an event stream',
  },
  totalTimeout: { option: 'total-timeout', unit: 'milliseconds', description: 'A whole exchange' },
} as const satisfies Record<keyof Limits, LimitOption>;

interface LimitOption {
  option: string;
  unit: 'seconds' | 'milliseconds' | 'bytes' | 'count';
  description: string;
}

const VALUE_HINTS = { bytes: 'size', count: 'number', seconds: 'time', milliseconds: 'time' } as const;

type LimitOptionName = (typeof LIMITS)[keyof Limits]['option'];

/** The options' definitions, their defaults written as a person would. */
export const LIMIT_OPTIONS = Object.fromEntries(
  entries().map(([limit, { option, unit, description }]) => [
    option,
    {
      type: 'string',
      group: 'Limits',
      valueHint: VALUE_HINTS[unit],
      description: `${description} (${written(DEFAULT_LIMITS[limit], unit)})`,
    } satisfies OptionDef,
  ]),
) as Record<LimitOptionName, OptionDef>;

/**
 * The limits that the command line sets.
 *
 * @throws {CliError} 2 when a time or a size cannot be read
 */
export function readLimits(line: { value(name: LimitOptionName): string | undefined }): Partial<Limits> {
  const limits: { -readonly [limit in keyof Limits]?: number } = {};
  for (const [limit, { option, unit }] of entries()) {
    const text = line.value(option);
    if (text !== undefined) limits[limit] = readAmount(text, { option, unit });
  }
  return limits;
}

function entries(): [keyof Limits, (typeof LIMITS)[keyof Limits]][] {
  return Object.entries(LIMITS) as [keyof Limits, (typeof LIMITS)[keyof Limits]][];
}

function written(amount: number, unit: LimitOption['unit']): string {
  if (unit === 'count') return amount === 0 ? 'any' : String(amount);
  if (unit === 'bytes') return formatByteSize(amount);
  if (unit === 'seconds') return formatDuration(amount * 1000);
  return amount === 0 ? 'none' : formatDuration(amount);
}

function readAmount(text: string, { option, unit }: Pick<LimitOption, 'option' | 'unit'>): number {
  if (unit === 'count') {
    if (!/^\d{1,9}$/.test(text)) throw unreadable(option, 'a whole number, such as 1000; 0 is any');
    return Number(text);
  }
  if (unit === 'bytes') {
    const bytes = parseByteSize(text);
    if (bytes === undefined) throw unreadable(option, 'a size such as 10MiB, 512KiB or 1048576');
    return bytes;
  }
  const milliseconds = parseDuration(text);
  if (milliseconds === undefined) throw unreadable(option, 'a time such as 30s, 500ms, 10m or 1h');
  if (unit === 'milliseconds') return milliseconds;
  if (milliseconds % 1000 !== 0) throw unreadable(option, 'whole seconds, such as 60 or 7d');
  return milliseconds / 1000;
}

function unreadable(option: string, wanted: string): CliError {
  return new CliError(EXIT.usage, `--${option} must be ${wanted}`);
}
