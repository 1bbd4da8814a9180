import { readFileSync } from 'node:fs';
import type { ExtensionOptions } from '../signing/index.ts';
import { CliError } from './cliError.ts';
import type { CommandLine, OptionsDef } from './commandLine.ts';
import { EXIT } from './exitCodes.ts';

/** The options of the protocol's extensions (docs/protocol.md, "Extensions"). */
export const EXTENSION_OPTIONS = {
  once: {
    type: 'boolean',
    group: 'What it is good for',
    description: 'One request only: signs a new random nonce',
  },
  nonce: {
    type: 'string',
    group: 'What it is good for',
    valueHint: 'nonce',
    description: 'One request only, counted under this name: 1 to 128 of A-Z a-z 0-9 - _',
  },
  uses: {
    type: 'string',
    group: 'What it is good for',
    valueHint: 'count',
    description: 'How many requests --once or --nonce is good for (1)',
  },
  subject: {
    type: 'string',
    group: 'What it is good for',
    valueHint: 'name',
    description: 'The end user it is for, whose limits hold',
  },
  'body-schema': {
    type: 'string',
    group: 'What it is good for',
    valueHint: 'json|@file|name',
    description:
      "The JSON Schema that the body must satisfy, or the name of one in the gateway's configuration",
  },
  methods: {
    type: 'string',
    group: 'What it is good for',
    valueHint: 'list',
    description: 'The methods it may be used with, such as GET,POST, in place of --method',
  },
} as const satisfies OptionsDef;

/**
 * Reads them as options of the signer, which checks them.
 *
 * @throws {CliError} 1 when the file of a schema cannot be read, 2 when two options contradict each other
 */
export function readExtensions(line: CommandLine<keyof typeof EXTENSION_OPTIONS>): ExtensionOptions {
  const nonce = line.value('nonce');
  const once = line.flag('once') === true;
  if (once && nonce !== undefined)
    throw new CliError(EXIT.usage, '--once makes a nonce, and --nonce gives one');
  const uses = line.value('uses');
  const subject = line.value('subject');
  const schema = line.value('body-schema');
  const methods = line.value('methods');
  return {
    ...(once ? { nonce: randomNonce() } : {}),
    ...(nonce === undefined ? {} : { nonce }),
    ...(uses === undefined ? {} : { uses: readUses(uses) }),
    ...(subject === undefined ? {} : { subject }),
    ...(schema === undefined ? {} : { bodySchema: readSchema(schema) }),
    ...(methods === undefined ? {} : { methods: methods.toUpperCase().split(/ *[,;] */) }),
  };
}

/** 128 random bits. */
function randomNonce(): string {
  return crypto.getRandomValues(new Uint8Array(16)).toBase64({ alphabet: 'base64url', omitPadding: true });
}

function readUses(text: string): number {
  // Number takes `1e3`, ` 3 ` and the empty text; the signer sees to the rest.
  return /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
}

function readSchema(text: string): string {
  if (!text.startsWith('@')) return text;
  try {
    return JSON.stringify(JSON.parse(readFileSync(text.slice(1), 'utf8')));
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'it is no JSON';
    throw new CliError(EXIT.failed, `--body-schema: ${text.slice(1)} cannot be read: ${reason}`);
  }
}
