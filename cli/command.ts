import { type CommandDef, type CommandMeta, defineCommand as defineCittyCommand } from 'citty';
import { type CommandLine, type OptionsDef, parseCommandLine } from './commandLine.ts';
import type { ExitCode } from './exitCodes.ts';
import type { Terminal } from './terminal.ts';

/** A subcommand: citty's definition, with what its help shows beside the options. */
export interface Command extends CommandDef {
  readonly meta: CommandMeta & { readonly name: string; readonly description: string };
  readonly args: OptionsDef;
  readonly examples: readonly Example[];
  /** Sentences at the end of the help. */
  readonly notes: readonly string[];
}

export interface Example {
  readonly says: string;
  readonly command: string;
}

export interface CommandDefinition<Options extends OptionsDef> {
  name: string;
  description: string;
  options: Options;
  examples: readonly Example[];
  notes?: readonly string[];
  run(line: CommandLine<keyof Options & string>, terminal: Terminal): Promise<ExitCode>;
}

/** Defines a subcommand for citty's `runCommand`, whose `data` is the {@link Terminal}. */
export function defineCommand<const Options extends OptionsDef>(
  definition: CommandDefinition<Options>,
): Command {
  const { name, description, options, examples, notes = [], run } = definition;
  const command = defineCittyCommand({
    meta: { name, description },
    args: { ...options } as OptionsDef,
    run: ({ rawArgs, data }) => run(parseCommandLine(rawArgs, options), data as Terminal),
  });
  return { ...command, meta: { name, description }, args: options, examples, notes } as Command;
}
