import { type SignGrantOptions, signGrant } from '../signing/index.ts';
import { defineCommand } from './command.ts';
import { EXIT } from './exitCodes.ts';
import { EXTENSION_OPTIONS, readExtensions } from './extensionOptions.ts';
import { createMessages } from './messages.ts';
import { REQUEST_OPTIONS, readSignedHeaders } from './requestOptions.ts';
import { readExpiry, readSigner, required, SIGNER_OPTIONS, signedWith } from './signerOptions.ts';

/**
 * Signs a grant. It calls nobody.
 *
 * **Security**: a grant opens whatever lies below its prefix, so the methods have no default, and a prefix that is
 * a whole API is warned about.
 */
export const grant = defineCommand({
  name: 'grant',
  description: 'Sign a base URL for everything below a prefix of an API, and print it',
  options: {
    prefix: { type: 'positional', required: false, description: "The upstream's URL, up to a slash" },
    expires: {
      type: 'string',
      valueHint: 'time',
      description: 'For how long the grant is valid: 60, 90s, 10m, 1h (10m)',
    },
    ...SIGNER_OPTIONS,
    header: { ...REQUEST_OPTIONS.header, description: 'A header every request must carry; repeatable' },
    ...EXTENSION_OPTIONS,
    methods: {
      ...EXTENSION_OPTIONS.methods,
      description: 'The methods it may be used with, such as GET,POST; has to be given',
    },
  },
  examples: [
    {
      says: "An API's own client with a base URL alone (SW_ID, SW_SECRET and SW_HOST are set):",
      command:
        'OPENAI_BASE_URL="$(signway grant https://api.openai.com/v1/ --methods POST)" \\\n' +
        '  OPENAI_API_KEY=unused python ask.py',
    },
    {
      says: 'Only chat, for one user, for an hour, twenty requests:',
      command:
        'signway grant https://api.openai.com/v1/chat/ --methods POST --expires 1h \\\n' +
        '  --subject user:42 --once --uses 20',
    },
  ],
  notes: [
    'Whoever has the base URL can call everything below the prefix, with any body, until it expires. What is added ' +
      'to it is appended to the prefix.',
  ],
  async run(line, terminal) {
    const { options: signer, sources } = readSigner(line, terminal);
    const { methods, ...extensions } = readExtensions(line);
    const options: SignGrantOptions = {
      ...signer,
      proxyUrl: required(line.value('prefix'), 'the prefix'),
      methods: required(methods, '--methods'),
      expiry: readExpiry(line.value('expires') ?? '10m'),
      headers: readSignedHeaders(line.values('header')),
      ...extensions,
    };
    const baseUrl = signedWith(sources, () => signGrant(options));
    const { origin, pathname } = new URL(options.proxyUrl);
    if (pathname === '/') {
      createMessages(terminal.stderr).warn(
        `this grant opens the whole of ${origin}. Name a longer prefix, such as ${origin}/v1/chat/`,
      );
    }
    await terminal.stdout.write(`${baseUrl}\n`);
    return EXIT.done;
  },
});
