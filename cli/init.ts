import { writeFileSync } from 'node:fs';
import { CliError } from './cliError.ts';
import { defineCommand } from './command.ts';
import { EXIT } from './exitCodes.ts';
import { createMessages } from './messages.ts';

/** Writes a configuration file to begin with. It never replaces one. */
export const init = defineCommand({
  name: 'init',
  description: 'Write a configuration file to begin with, with comments',
  options: {
    file: {
      type: 'positional',
      required: false,
      description: 'Where to: a name that ends in .ts or .json (signway.config.ts)',
    },
  },
  examples: [
    { says: 'TypeScript, whose types an editor completes:', command: 'signway init' },
    { says: 'JSON with comments:', command: 'signway init signway.config.json' },
  ],
  async run(line, terminal) {
    const path = line.value('file') ?? 'signway.config.ts';
    const isTypeScript = path.endsWith('.ts');
    if (!isTypeScript && !/\.jsonc?$/.test(path)) {
      throw new CliError(EXIT.usage, 'the file must end in .ts or .json');
    }
    try {
      writeFileSync(path, isTypeScript ? TYPESCRIPT : JSON_WITH_COMMENTS, { flag: 'wx', mode: 0o600 });
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      const reason = code === 'EEXIST' ? 'is there already' : `cannot be written: ${code}`;
      throw new CliError(EXIT.failed, `${path} ${reason}`);
    }
    createMessages(terminal.stderr).success(
      `Wrote ${path}. Put a secret into SW_SECRET (signway keygen) and a key into OPENAI_API_KEY, then: signway serve`,
    );
    return EXIT.done;
  },
});

// A type alone is imported, so that the file is read where the package is not installed.
const TYPESCRIPT = `import type { SignwayConfig } from 'signway';

export default {
  // Who signs URLs. Each app has its own secrets, upstreams and limits.
  apps: [
    {
      id: 'my-app',

      // env:NAME is a variable, file:PATH a file beside this one. Any secret of the list verifies: to rotate, add the
      // new one, deploy it to the backend that signs, and remove the old one.
      secrets: ['env:SW_SECRET'],

      // Where its requests may go, and the key that is added on the way. Presets: openai, anthropic, gemini.
      upstreams: [
        { preset: 'openai', key: 'env:OPENAI_API_KEY', methods: ['POST'] },
        // { origin: 'https://api.example.com/v1', headers: { 'X-Api-Key': 'env:EXAMPLE_KEY' } },
      ],

      // Pages of these origins may use its URLs.
      // allowOrigins: ['https://app.example.com'],

      // Longest validity of its URLs, and what each of them must have.
      maxExpiry: '1h',
      // require: ['nonce', 'subject', 'bodySchema'],

      // JSON Schemas that X-Sw-BodySchema can name.
      // schemas: { chat: { type: 'object', required: ['model'] } },

      // What all its requests may take together, and what those of one X-Sw-Subject may.
      limits: { requests: { limit: 1000, window: '1m' }, streams: 200 },
      // subjectLimits: { tokens: { limit: 100000, window: '1d', reserve: 4096 } },
    },
  ],

  // Where uses of nonces, limits and revocations are counted: 'memory' for one process, a file for one machine, or
  // { redis: 'env:REDIS_URL' } for many.
  // store: { sqlite: 'signway.db' },

  // port: 3000,
  // drain: '30s',
  // reloadOnChange: true,
} satisfies SignwayConfig;
`;

const JSON_WITH_COMMENTS = `{
  "$schema": "./node_modules/signway/docs/signway.config.schema.json",

  // Who signs URLs. Each app has its own secrets, upstreams and limits.
  "apps": [
    {
      "id": "my-app",

      // env:NAME is a variable, file:PATH a file beside this one. Any secret of the list verifies: to rotate, add the
      // new one, deploy it to the backend that signs, and remove the old one.
      "secrets": ["env:SW_SECRET"],

      // Where its requests may go, and the key that is added on the way. Presets: openai, anthropic, gemini.
      "upstreams": [
        { "preset": "openai", "key": "env:OPENAI_API_KEY", "methods": ["POST"] },
        // { "origin": "https://api.example.com/v1", "headers": { "X-Api-Key": "env:EXAMPLE_KEY" } },
      ],

      // Pages of these origins may use its URLs.
      // "allowOrigins": ["https://app.example.com"],

      // Longest validity of its URLs, and what each of them must have.
      "maxExpiry": "1h",
      // "require": ["nonce", "subject", "bodySchema"],

      // JSON Schemas that X-Sw-BodySchema can name.
      // "schemas": { "chat": { "type": "object", "required": ["model"] } },

      // What all its requests may take together, and what those of one X-Sw-Subject may.
      "limits": { "requests": { "limit": 1000, "window": "1m" }, "streams": 200 },
      // "subjectLimits": { "tokens": { "limit": 100000, "window": "1d", "reserve": 4096 } },
    },
  ],

  // Where uses of nonces, limits and revocations are counted: "memory" for one process, a file for one machine, or
  // { "redis": "env:REDIS_URL" } for many.
  // "store": { "sqlite": "signway.db" },

  // "port": 3000,
  // "drain": "30s",
  // "reloadOnChange": true,
}
`;
