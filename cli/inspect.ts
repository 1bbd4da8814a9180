import { METHOD } from '../signing/index.ts';
import { readBasePath } from './basePath.ts';
import { CliError } from './cliError.ts';
import { defineCommand } from './command.ts';
import { EXIT, type ExitCode } from './exitCodes.ts';
import { type Inspection, inspectUrl } from './inspection.ts';
import { inspectionText } from './inspectionText.ts';
import { createMessages } from './messages.ts';
import { createPalette } from './palette.ts';
import { REQUEST_OPTIONS, readBody, readSignedHeaders } from './requestOptions.ts';
import { SECRET_OPTIONS } from './secretOptions.ts';
import { findSourced } from './secretSources.ts';

/**
 * Says what a signed URL says. It calls nobody: neither the gateway nor the upstream.
 *
 * **Security**: prints what the URL holds; of the secret only whether it fits.
 */
export const inspect = defineCommand({
  name: 'inspect',
  description: 'Say what a signed URL allows, until when, and whether it is valid',
  options: {
    url: { type: 'positional', required: false, description: 'The signed URL' },
    'base-path': {
      type: 'string',
      valueHint: 'path',
      description: 'The path that the gateway is mounted under (/)',
    },
    json: { type: 'boolean', description: 'Print it as JSON' },
    secret: SECRET_OPTIONS.secret,
    'secret-file': SECRET_OPTIONS['secret-file'],
    ...REQUEST_OPTIONS,
    method: { ...REQUEST_OPTIONS.method, description: 'Its method (the common ones are tried)' },
    header: { ...REQUEST_OPTIONS.header, description: 'A header it carries; repeatable' },
    body: { ...REQUEST_OPTIONS.body, description: 'The body it carries: text, a file, or - for stdin' },
  },
  examples: [
    {
      says: 'What does this URL allow?',
      command: "signway inspect 'https://gw.example.com/?X-Sw-Algorithm=…'",
    },
    {
      says: 'Why is it refused? With the secret, the method and the body, it says where they differ:',
      command: 'SW_SECRET_FILE=secret.txt signway inspect "$url" -X POST --body @question.json',
    },
  ],
  notes: [
    'Exit codes: 0 valid as far as could be checked, 4 a gateway refuses it, 5 it has expired and nothing else is ' +
      'wrong. The signature is checked when a secret is given.',
  ],
  async run(line, terminal) {
    const text = line.value('url');
    if (text === undefined) throw new CliError(EXIT.usage, 'the signed URL is missing');
    const url = URL.parse(text);
    if (url === null) throw new CliError(EXIT.usage, 'this is not a URL', 'Quote it: it holds & characters.');
    if (url.protocol !== 'http:' && url.protocol !== 'https:') {
      throw new CliError(EXIT.usage, 'this is no http or https URL, and a gateway answers no other');
    }
    const messages = createMessages(terminal.stderr);
    const secret = findSourced({
      argument: line.value('secret'),
      file: line.value('secret-file'),
      variable: 'SW_SECRET',
      env: terminal.env,
      warn: (message) => messages.warn(message),
    });
    const now = terminal.clock();
    const inspection = inspectUrl({
      url,
      query: queryOf(text),
      basePath: readBasePath(line.value('base-path')),
      now,
      secret: secret?.text,
      method: readMethod(line.value('method')),
      headers: readSignedHeaders(line.values('header')),
      body: await readBody(line.value('body'), terminal),
    });
    await terminal.stdout.write(
      line.flag('json') === true
        ? `${JSON.stringify(report(inspection), null, 2)}\n`
        : inspectionText(inspection, createPalette(terminal.stdout.colours), now),
    );
    return exitCode(inspection);
  },
});

function queryOf(url: string): string {
  const withoutFragment = url.split('#', 1)[0]!;
  const mark = withoutFragment.indexOf('?');
  return mark === -1 ? '' : withoutFragment.slice(mark + 1);
}

function readMethod(text: string | undefined): string | undefined {
  const method = text?.toUpperCase();
  if (method === undefined || METHOD.test(method)) return method;
  throw new CliError(EXIT.usage, '--method must be an HTTP method');
}

function report({ signed, target, expiresAt, signature, refusals }: Inspection): object {
  return {
    appId: signed?.appId ?? null,
    upstream: signed?.upstream.href ?? null,
    target: target?.href ?? null,
    signedAt: signed === null ? null : timeOrNull(signed.signedAt),
    expires: signed?.expires ?? null,
    expiresAt: expiresAt === null ? null : timeOrNull(expiresAt),
    signedHeaders: signed?.signedHeaders ?? null,
    signsBody: signed?.signsBody ?? null,
    parameters: signed === null ? null : Object.fromEntries(signed.parameters),
    signature,
    refusal: refusals[0] ?? null,
    refusals,
  };
}

function timeOrNull(milliseconds: number): string | null {
  const date = new Date(milliseconds);
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}

function exitCode({ refusals }: Inspection): ExitCode {
  if (refusals.length === 0) return EXIT.done;
  // 5 says that only the time has passed: another URL of the same kind would do.
  return refusals.every(({ code }) => code === 'expired') ? EXIT.expired : EXIT.invalid;
}
