import { CliError } from './cliError.ts';
import { defineCommand } from './command.ts';
import { EXIT } from './exitCodes.ts';
import { createMessages } from './messages.ts';
import type { Terminal } from './terminal.ts';

/**
 * Makes an id and a secret.
 *
 * **Security**: the secret holds 32 random bytes, as many as the output of the hash that it keys (RFC 2104,
 * section 3), and goes to stdout only.
 */
export const keygen = defineCommand({
  name: 'keygen',
  description: 'Make an app id and a secret worth using',
  options: {
    id: {
      type: 'string',
      valueHint: 'id',
      description: 'Keep this id and make a secret only',
    },
    json: { type: 'boolean', description: 'Print {"id", "secret"} instead of SW_ID= and SW_SECRET=' },
  },
  examples: [
    { says: 'Into a file that only you can read:', command: '(umask 077; signway keygen > .env)' },
    { says: 'A new secret for an app you have:', command: 'signway keygen --id my-app' },
  ],
  async run(line, terminal) {
    const id = line.value('id') ?? `app-${randomName(terminal)}`;
    if (!/^[A-Za-z0-9._~-]+$/.test(id)) {
      throw new CliError(EXIT.usage, '--id may hold letters, digits and . _ ~ - only');
    }
    const secret = randomSecret(terminal);
    await terminal.stdout.write(
      line.flag('json') === true
        ? `${JSON.stringify({ id, secret })}\n`
        : `SW_ID=${id}\nSW_SECRET=${secret}\n`,
    );
    createMessages(terminal.stderr).info(
      'The gateway and the backend that signs need both; a page never sees the secret.',
    );
    return EXIT.done;
  },
});

/** Ten letters and digits, without those that are taken for others. */
function randomName({ randomBytes }: Pick<Terminal, 'randomBytes'>): string {
  return [...randomBytes(10)].map((byte) => NAME_ALPHABET[byte % NAME_ALPHABET.length]).join('');
}

// 32 of them, so that every byte's remainder is as likely as another's.
const NAME_ALPHABET = '23456789abcdefghijkmnpqrstuvwxyz';

function randomSecret({ randomBytes }: Pick<Terminal, 'randomBytes'>): string {
  for (;;) {
    const secret = Buffer.from(randomBytes(32)).toString('base64url');
    // A value that begins with a dash reads like an option wherever it is put into a command line.
    if (!secret.startsWith('-')) return secret;
  }
}
