import { nodeHashes, type Signed, type SignUrlOptions, sign as signRequest } from '../signing/index.ts';
import { defineCommand } from './command.ts';
import { EXIT } from './exitCodes.ts';
import { EXTENSION_OPTIONS, readExtensions } from './extensionOptions.ts';
import { REQUEST_OPTIONS, readBody, readSignedHeaders } from './requestOptions.ts';
import { readExpiry, readSigner, required, SIGNER_OPTIONS, signedWith } from './signerOptions.ts';

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
    expires: {
      type: 'string',
      valueHint: 'time',
      description: 'For how long the URL is valid: 60, 90s, 10m, 1h (60s)',
    },
    json: { type: 'boolean', description: 'Print the URL with everything that was signed, as JSON' },
    ...SIGNER_OPTIONS,
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
      says: 'One request for one user, to one model only:',
      command:
        'signway sign -X POST https://api.openai.com/v1/chat/completions --once --subject user:42 \\\n' +
        `  --body-schema '{"type":"object","required":["model"],"properties":{"model":{"const":"gpt-4o"}}}'`,
    },
  ],
  notes: [
    'Only the URL goes to stdout. The secret is read from SW_SECRET or SW_SECRET_FILE where it can be.',
  ],
  async run(line, terminal) {
    const { options: signer, sources } = readSigner(line, terminal);
    const body = await readBody(line.value('body'), terminal);
    const method = (line.value('method') ?? (body === undefined ? 'GET' : 'POST')).toUpperCase();
    const options: SignUrlOptions = {
      ...signer,
      proxyUrl: required(line.value('url'), "the upstream's URL"),
      expiry: readExpiry(line.value('expires') ?? '60s'),
      method,
      headers: readSignedHeaders(line.values('header')),
      ...(body === undefined ? {} : { body }),
      ...readExtensions(line),
    };
    const signed = signedWith(sources, () => signRequest(options));
    await terminal.stdout.write(
      line.flag('json') === true
        ? `${JSON.stringify(report(signed, options), null, 2)}\n`
        : `${signed.url}\n`,
    );
    return EXIT.done;
  },
});

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
