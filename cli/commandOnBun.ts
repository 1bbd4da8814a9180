import { isNewEnough, OLDEST_BUN } from '../package/version.ts';
import { CliError } from './cliError.ts';
import type { Command } from './command.ts';
import type { OptionsDef } from './commandLine.ts';
import { EXIT } from './exitCodes.ts';
import { findBun } from './findBun.ts';
import { runInChild } from './runInChild.ts';
import type { Terminal } from './terminal.ts';

export interface CommandOnBun {
  name: string;
  description: string;
  /** What its help shows where there is no Bun. The command itself reads and judges them. Default: none. */
  options?: OptionsDef;
}

/** Whether this program runs on a Bun that is new enough for the server's code. */
export function isOnBun(): boolean {
  return typeof Bun !== 'undefined' && isNewEnough(Bun.version);
}

/**
 * Stands in for a command whose code only Bun can load, where this program runs on Node or on a Bun that is too
 * old: the same command line on a Bun that is not.
 */
export function commandOnBun({ name, description, options = {} }: CommandOnBun): Command {
  return {
    meta: { name, description: `${description} (on Bun)` },
    args: options,
    examples: [],
    notes: [`docs/cli.md has all of its options. It needs Bun ${OLDEST_BUN} or newer.`],
    async run({ data }) {
      const terminal = data as Terminal;
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
  };
}
