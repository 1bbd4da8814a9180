import { parseDuration } from '../config/duration.ts';
import { SigningError, type SignUrlOptions } from '../signing/index.ts';
import { CliError } from './cliError.ts';
import type { CommandLine, OptionsDef } from './commandLine.ts';
import { EXIT } from './exitCodes.ts';
import { type Given, given } from './given.ts';
import { createMessages } from './messages.ts';
import { SECRET_OPTIONS } from './secretOptions.ts';
import { findSourced } from './secretSources.ts';
import type { Terminal } from './terminal.ts';

/** The options of whatever signs: who, for which gateway, when and for how long. */
export const SIGNER_OPTIONS = {
  host: {
    type: 'string',
    valueHint: 'url',
    description: 'Where the gateway answers, such as https://gw.example.com (SW_HOST)',
  },
  date: {
    type: 'string',
    valueHint: 'YYYYMMDDTHHMMSSZ',
    description: 'The time it is signed at (now)',
  },
  ...SECRET_OPTIONS,
} as const satisfies OptionsDef;

/** What a command line says about the signer. */
export interface Signer {
  readonly options: Pick<SignUrlOptions, 'id' | 'secret' | 'host'> & { readonly date: Date | string };
  /** Where those came from that the environment may have given. */
  readonly sources: Readonly<Record<'id' | 'host', Given>>;
}

/**
 * Reads {@link SIGNER_OPTIONS}, and the environment where they are silent.
 *
 * @throws {CliError} 2 for what is missing; 3 for a file or a variable that cannot be read
 */
export function readSigner(
  line: CommandLine<keyof typeof SIGNER_OPTIONS>,
  terminal: Pick<Terminal, 'env' | 'clock' | 'stderr'>,
): Signer {
  const { env } = terminal;
  const messages = createMessages(terminal.stderr);
  const secret = findSourced({
    argument: line.value('secret'),
    file: line.value('secret-file'),
    variable: 'SW_SECRET',
    env,
    warn: (message) => messages.warn(message),
  });
  const id = required(given(line.value('id'), { option: '--id', variable: 'SW_ID', env }), '--id (or SW_ID)');
  const host = required(
    given(line.value('host'), { option: '--host', variable: 'SW_HOST', env }),
    '--host (or SW_HOST)',
  );
  return {
    options: {
      id: id.text,
      secret: required(secret, 'a secret (SW_SECRET, SW_SECRET_FILE, --secret-file or --secret)').text,
      host: host.text,
      date: line.value('date') ?? new Date(terminal.clock()),
    },
    sources: { id, host },
  };
}

/** @throws {CliError} 2 when it was not given */
export function required<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new CliError(EXIT.usage, `${what} is missing`);
  return value;
}

/** Reads `--expires` as seconds. @throws {CliError} 2 */
export function readExpiry(text: string): number {
  const milliseconds = parseDuration(text);
  if (milliseconds === undefined || milliseconds % 1000 !== 0) {
    throw new CliError(EXIT.usage, '--expires must be whole seconds: 60, 90s, 10m, 1h or 7d');
  }
  return milliseconds / 1000;
}

/**
 * Signs, and says which option or variable is to blame for what cannot be signed.
 *
 * @throws {CliError} 2 for an option, 3 for a variable
 */
export function signedWith<Result>(sources: Signer['sources'], sign: () => Result): Result {
  try {
    return sign();
  } catch (error) {
    if (!(error instanceof SigningError)) throw error;
    const { option, message } = error;
    const source = option === 'id' || option === 'host' ? sources[option] : undefined;
    const { name, exitCode } = source ?? { name: OPTION_NAMES[option], exitCode: EXIT.usage };
    throw new CliError(exitCode, message.replace(option, name));
  }
}

const OPTION_NAMES = {
  id: 'the id',
  secret: 'the secret',
  host: '--host',
  proxyUrl: "the upstream's URL",
  expiry: '--expires',
  method: '--method',
  headers: '-H',
  body: '--body',
  date: '--date',
  extensions: 'the extensions',
  nonce: '--nonce',
  uses: '--uses',
  subject: '--subject',
  bodySchema: '--body-schema',
  methods: '--methods',
} as const satisfies Record<keyof SignUrlOptions, string>;
