import {
  nodeHashes,
  type Signed,
  SigningError,
  type SignUrlOptions,
  sign as signRequest,
} from '../signing/index.ts';
import { CliError } from './cliError.ts';
import { defineCommand } from './command.ts';
import { parseDuration } from './duration.ts';
import { EXIT } from './exitCodes.ts';
import { EXTENSION_OPTIONS, readExtensions } from './extensionOptions.ts';
import { type Given, given } from './given.ts';
import { createMessages } from './messages.ts';
import { REQUEST_OPTIONS, readBody, readSignedHeaders } from './requestOptions.ts';
import { SECRET_OPTIONS } from './secretOptions.ts';
import { findSourced } from './secretSources.ts';

/**
 * Signs a URL. It calls nobody.
 *
 * **Security**: stdout gets the signed URL, with `--json` what was signed as well; the secret goes nowhere.
 */
export const sign = defineCommand({
  name: 'sign',
  description: 'Sign a URL for one request, and print it',
  options: {
    url: { type: 'positional', required: false, description: "The upstream's URL" },
    host: {
      type: 'string',
      valueHint: 'url',
      description: 'Where the gateway answers, such as https://gw.example.com (SW_HOST)',
    },
    expires: {
      type: 'string',
      valueHint: 'time',
      description: 'For how long the URL is valid: 60, 90s, 10m, 1h (60s)',
    },
    date: {
      type: 'string',
      valueHint: 'YYYYMMDDTHHMMSSZ',
      description: 'The time it is signed at (now)',
    },
    json: { type: 'boolean', description: 'Print the URL with everything that was signed, as JSON' },
    ...SECRET_OPTIONS,
    ...REQUEST_OPTIONS,
    ...EXTENSION_OPTIONS,
  },
  examples: [
    {
      says: 'Call an API through the gateway (SW_ID, SW_SECRET and SW_HOST are set):',
      command: 'curl "$(signway sign https://api.openai.com/v1/models)"',
    },
    {
      says: 'Stream an answer, with any body:',
      command:
        'curl -N "$(signway sign -X POST https://api.openai.com/v1/chat/completions)" \\\n' +
        "  -H 'Content-Type: application/json' -d @question.json",
    },
    {
      says: 'Only this body and this type will do, for ten minutes:',
      command:
        'signway sign https://api.openai.com/v1/responses --expires 10m \\\n' +
        "  --body @question.json -H 'Content-Type: application/json'",
    },
    {
      says: 'One request for one user, to the small model only:',
      command:
        'signway sign -X POST https://api.openai.com/v1/chat/completions --once --subject user:42 \\\n' +
        `  --body-schema '{"properties":{"model":{"const":"gpt-4o-mini"}},"required":["model"]}'`,
    },
  ],
  notes: [
    'Only the URL goes to stdout. The secret is read from SW_SECRET or SW_SECRET_FILE where it can be.',
  ],
  async run(line, terminal) {
    const { env } = terminal;
    const messages = createMessages(terminal.stderr);
    const secret = findSourced({
      argument: line.value('secret'),
      file: line.value('secret-file'),
      variable: 'SW_SECRET',
      env,
      warn: (message) => messages.warn(message),
    });
    const body = await readBody(line.value('body'), terminal);
    const method = (line.value('method') ?? (body === undefined ? 'GET' : 'POST')).toUpperCase();
    const id = required(
      given(line.value('id'), { option: '--id', variable: 'SW_ID', env }),
      '--id (or SW_ID)',
    );
    const host = given(line.value('host'), { option: '--host', variable: 'SW_HOST', env });
    const gateway = required(host, '--host (or SW_HOST)');
    const options: SignUrlOptions = {
      id: id.text,
      secret: required(secret, 'a secret (SW_SECRET, SW_SECRET_FILE, --secret-file or --secret)').text,
      host: gateway.text,
      proxyUrl: required(line.value('url'), "the upstream's URL"),
      expiry: readExpiry(line.value('expires')),
      method,
      headers: readSignedHeaders(line.values('header')),
      date: line.value('date') ?? new Date(terminal.clock()),
      ...(body === undefined ? {} : { body }),
      ...readExtensions(line),
    };
    const signed = signChecked(options, { id, host: gateway });
    await terminal.stdout.write(
      line.flag('json') === true
        ? `${JSON.stringify(report(signed, options), null, 2)}\n`
        : `${signed.url}\n`,
    );
    return EXIT.done;
  },
});

function required<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new CliError(EXIT.usage, `${what} is missing`);
  return value;
}

function readExpiry(text = '60s'): number {
  const milliseconds = parseDuration(text);
  if (milliseconds === undefined || milliseconds % 1000 !== 0) {
    throw new CliError(EXIT.usage, '--expires must be whole seconds: 60, 90s, 10m, 1h or 7d');
  }
  return milliseconds / 1000;
}

/** `sources` are of the options that the environment may have given. */
function signChecked(options: SignUrlOptions, sources: Readonly<Record<'id' | 'host', Given>>): Signed {
  try {
    return signRequest(options);
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

/** What was signed, in the form in which `inspect` and a gateway's refusal show it: a body as its SHA-256. */
function report(signed: Signed, { method, proxyUrl, expiry, headers, body }: SignUrlOptions) {
  const { url, canonicalRequest, ...intermediates } = signed;
  return {
    url,
    method,
    upstream: proxyUrl,
    expires: expiry,
    headers,
    canonicalRequest: body === undefined ? canonicalRequest : canonicalRequest + bodySha256(body),
    ...intermediates,
  };
}

function bodySha256(body: string | Uint8Array): string {
  return typeof body === 'string' ? nodeHashes.sha256Hex(body) : nodeHashes.sha256Hex('', body);
}
