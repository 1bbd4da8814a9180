import type { OptionsDef } from './commandLine.ts';

/** The options that say who signs. */
export const SECRET_OPTIONS = {
  id: {
    type: 'string',
    group: 'The app',
    valueHint: 'id',
    description: "The app's id (SW_ID)",
  },
  secret: {
    type: 'string',
    group: 'The app',
    valueHint: 'secret',
    description: "The app's secret. Others can read a command line: prefer SW_SECRET or SW_SECRET_FILE",
  },
  'secret-file': {
    type: 'string',
    group: 'The app',
    valueHint: 'file',
    description: 'Read the secret from a file (SW_SECRET_FILE)',
  },
} as const satisfies OptionsDef;
