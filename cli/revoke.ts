import { existsSync } from 'node:fs';
import { parseDuration } from '../config/duration.ts';
import type { StoreChoice } from '../config/gatewayConfig.ts';
import { didYouMean } from '../config/nearestName.ts';
import { StoreUnavailable } from '../server/index.ts';
import { storeKeys } from '../server/stores/storeKeys.ts';
import { NONCE, SUBJECT } from '../signing/extensionValues.ts';
import { CliError } from './cliError.ts';
import { defineCommand } from './command.ts';
import type { CommandLine, OptionsDef } from './commandLine.ts';
import { configPath } from './configPath.ts';
import { EXIT } from './exitCodes.ts';
import { given } from './given.ts';
import { loadConfig } from './loadConfig.ts';
import { createMessages } from './messages.ts';
import { openStore, readStore } from './storeChoice.ts';
import type { Terminal } from './terminal.ts';

const OPTIONS = {
  app: { type: 'positional', required: false, description: "The app's id (SW_ID)" },
  subject: { type: 'string', valueHint: 'name', description: 'The subject to cut off' },
  nonce: { type: 'string', valueHint: 'nonce', description: 'The nonce to cut off' },
  for: { type: 'string', valueHint: 'time', description: 'For how long (365d)' },
  undo: { type: 'boolean', description: 'Take the revocation back' },
  config: {
    type: 'string',
    alias: ['c'],
    valueHint: 'file',
    description:
      "The gateways' configuration file, whose store is used (SW_CONFIG, or signway.config.* here)",
  },
  store: {
    type: 'string',
    valueHint: 'sqlite:file|redis://…',
    description: "The gateways' store (SW_STORE)",
  },
} as const satisfies OptionsDef;

type RevokeLine = CommandLine<keyof typeof OPTIONS>;

/** Cuts a subject or a nonce off, on every gateway of a store: within half a second, running answers included. */
export const revoke = defineCommand({
  name: 'revoke',
  description: 'Cut a subject or a nonce off now, on every gateway that shares a store',
  options: OPTIONS,
  examples: [
    { says: 'A user whose account was closed:', command: 'signway revoke my-app --subject user:42' },
    {
      says: 'A URL that leaked, until it expires:',
      command: 'signway revoke my-app --nonce k3J_9-a --for 1h',
    },
  ],
  notes: ['The store is SQLite or Redis: what is in the memory of a gateway cannot be reached from outside.'],
  async run(line, terminal) {
    const { env } = terminal;
    const app = line.value('app') ?? (env.SW_ID || undefined);
    if (app === undefined) throw new CliError(EXIT.usage, "the app's id is missing");
    const { key, what } = readRevocable(app, line);
    const lifetime = parseDuration(line.value('for') ?? '365d');
    if (lifetime === undefined || lifetime === 0) {
      throw new CliError(EXIT.usage, '--for must be a time such as 1h or 7d');
    }
    const choice = await readChoice(app, { line, env });
    if (choice === undefined || choice.kind === 'memory') {
      throw new CliError(EXIT.usage, 'say which store the gateways share: --store, SW_STORE or --config');
    }
    // Opening it would make another, which no gateway asks.
    if (choice.kind === 'sqlite' && !existsSync(choice.path))
      throw new CliError(
        EXIT.failed,
        `there is no store ${choice.path}: the gateways make it when they start`,
      );
    const store = openStore(choice);
    try {
      if (line.flag('undo') === true) await store.restore(key);
      else await store.revoke(key, lifetime);
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
      throw new CliError(EXIT.failed, `the store cannot be asked: ${error.message}`);
    } finally {
      await store.close();
    }
    createMessages(terminal.stderr).success(
      line.flag('undo') === true ? `${what} of app '${app}' may go on` : `${what} of app '${app}' is cut off`,
    );
    return EXIT.done;
  },
});

function readRevocable(app: string, line: RevokeLine): { key: string; what: string } {
  const subject = line.value('subject');
  const nonce = line.value('nonce');
  if ((subject === undefined) === (nonce === undefined)) {
    throw new CliError(EXIT.usage, 'name one of --subject and --nonce');
  }
  if (subject !== undefined) {
    if (!SUBJECT.test(subject))
      throw new CliError(EXIT.usage, '--subject must be 1 to 128 printable characters');
    return { key: storeKeys.revocableSubject(app, subject), what: 'the subject' };
  }
  if (!NONCE.test(nonce!)) throw new CliError(EXIT.usage, '--nonce must be 1 to 128 of A-Z a-z 0-9 - _');
  return { key: storeKeys.revocableNonce(app, nonce!), what: 'the nonce' };
}

async function readChoice(
  app: string,
  { line, env }: { line: RevokeLine; env: Terminal['env'] },
): Promise<StoreChoice | undefined> {
  const store = given(line.value('store'), { option: '--store', variable: 'SW_STORE', env });
  if (store !== undefined) return readStore(store);
  const path = configPath(line.value('config'), { env, namesApp: false });
  if (path === undefined) return undefined;
  const { config } = await loadConfig(path, { env });
  const ids = config.apps.map(({ id }) => id);
  if (!ids.includes(app))
    throw new CliError(EXIT.usage, `there is no app '${app}' in ${path}${didYouMean(app, ids)}`);
  return config.store;
}
