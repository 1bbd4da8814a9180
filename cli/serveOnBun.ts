import { OLDEST_BUN } from '../package/version.ts';
import { CliError } from './cliError.ts';
import { defineCommand } from './command.ts';
import { EXIT } from './exitCodes.ts';
import { findBun } from './findBun.ts';
import { runInChild } from './runInChild.ts';
import { SERVE_OPTIONS } from './serveOptions.ts';

/** `signway serve` where this program runs on Node, or on a Bun that is too old: the same on a Bun that is not. */
export const serveOnBun = defineCommand({
  name: 'serve',
  description: 'Run the gateway: verify signed URLs, add the headers, stream the answers (on Bun)',
  options: SERVE_OPTIONS,
  examples: [],
  async run(_line, terminal) {
    const { program, tooOld } = findBun(terminal.env);
    if (program === undefined) {
      const instead = tooOld === undefined ? '' : `, not ${tooOld}`;
      throw new CliError(
        EXIT.failed,
        `signway serve runs on Bun ${OLDEST_BUN} or newer${instead}: npm install bun, or see https://bun.com`,
      );
    }
    return runInChild([program, terminal.self.at(-1)!, ...terminal.argv], terminal);
  },
});
