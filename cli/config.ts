import { CliError } from './cliError.ts';
import { defineCommand } from './command.ts';
import type { CommandLine } from './commandLine.ts';
import type { ServeLine } from './commandLineApp.ts';
import { configPath } from './configPath.ts';
import { EXIT } from './exitCodes.ts';
import { loadConfig } from './loadConfig.ts';
import { createMessages } from './messages.ts';
import { SERVE_OPTIONS } from './serveOptions.ts';
import { readServeSettings } from './serveSettings.ts';
import { shownSettings } from './shownSettings.ts';

// A file's apps go with no app on the command line.
const {
  id: _id,
  secret: _secret,
  'secret-file': _file,
  header: _header,
  'headers-file': _headers,
  'allow-upstream': _upstream,
  'report-only': _reportOnly,
  ...FLAGS
} = SERVE_OPTIONS;

/**
 * Checks a configuration file, or shows what is in force with it.
 *
 * **Security**: neither shows a secret, a header's value or a password.
 */
export const config = defineCommand({
  name: 'config',
  description: 'Check a configuration file, or show what is in force',
  options: {
    action: { type: 'positional', required: false, description: 'check or show' },
    file: { type: 'positional', required: false, description: 'The configuration file (as for serve)' },
    ...FLAGS,
  },
  examples: [
    { says: 'Everything that is wrong with it, each with its place:', command: 'signway config check' },
    {
      says: 'What a gateway with this file and this flag works with, its secrets redacted:',
      command: 'signway config show signway.config.ts --port 8080',
    },
  ],
  notes: [
    'A flag wins over the environment, the environment over the file, the file over the defaults.',
    'check gives 0 when a gateway would start with the file, and 3 when not.',
  ],
  async run(line, terminal) {
    const { env } = terminal;
    const messages = createMessages(terminal.stderr);
    const action = line.value('action');
    if (action !== 'check' && action !== 'show') {
      throw new CliError(EXIT.usage, 'say what to do: signway config check, or signway config show');
    }
    const path = configPath(line.value('file') ?? line.value('config'), { env, namesApp: false });
    if (path === undefined) {
      throw new CliError(EXIT.usage, 'there is no configuration file here', 'signway init writes one.');
    }
    const loaded = await loadConfig(path, { env });
    for (const warning of loaded.warnings) messages.warn(warning);
    const settings = readServeSettings(serveLine(line), {
      env,
      loaded,
      warn: (message) => messages.warn(message),
    });
    if (action === 'show') {
      await terminal.stdout.write(`${JSON.stringify(shownSettings(settings), null, 2)}\n`);
    } else {
      const apps = settings.apps.length === 1 ? 'one app' : `${settings.apps.length} apps`;
      messages.success(`${path} can be used: ${apps}`);
    }
    return EXIT.done;
  },
});

/** The line of a `serve` with the same flags. */
function serveLine(line: CommandLine<keyof typeof FLAGS>): ServeLine {
  const isFlag = (name: string): name is keyof typeof FLAGS => name in FLAGS;
  return {
    value: (name) => (isFlag(name) ? line.value(name) : undefined),
    values: (name) => (isFlag(name) ? line.values(name) : []),
    flag: (name) => (isFlag(name) ? line.flag(name) : undefined),
  };
}
