import { isNewEnough, OLDEST_BUN } from '../package/version.ts';
import { CliError } from './cliError.ts';
import { type Command, defineCommand } from './command.ts';
import { EXIT } from './exitCodes.ts';
import { findBun } from './findBun.ts';
import { runInChild } from './runInChild.ts';
import { SERVE_OPTIONS } from './serveOptions.ts';

/** Whether this program runs on a Bun that is new enough. */
export function isOnBun(): boolean {
  return typeof Bun !== 'undefined' && isNewEnough(Bun.version);
}

/**
 * A command of the server where this program runs on Node, or on a Bun that is too old: the same command line on a
 * Bun that is not.
 */
export function commandOnBun(name: 'serve' | 'config', description: string): Command {
  return defineCommand({
    name,
    description: `${description} (on Bun)`,
    // They are read again, and judged, by the command itself.
    options: name === 'serve' ? SERVE_OPTIONS : CONFIG_OPTIONS,
    examples: [],
    async run(_line, terminal) {
      const { program, tooOld } = findBun(terminal.env);
      if (program === undefined) {
        const instead = tooOld === undefined ? '' : `, not ${tooOld}`;
        throw new CliError(
          EXIT.failed,
          `signway ${name} runs on Bun ${OLDEST_BUN} or newer${instead}: npm install bun, or see https://bun.com`,
        );
      }
      return runInChild([program, terminal.self.at(-1)!, ...terminal.argv], terminal);
    },
  });
}

const { id: _id, secret: _secret, ...FLAGS } = SERVE_OPTIONS;
const CONFIG_OPTIONS = {
  action: { type: 'positional', required: false, description: 'check or show' },
  file: { type: 'positional', required: false, description: 'The configuration file (as for serve)' },
  ...FLAGS,
} as const;
