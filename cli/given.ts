import { EXIT, type ExitCode } from './exitCodes.ts';

/** A value with the place it came from, for the message that refuses it. */
export interface Given {
  readonly text: string;
  /** The option or the variable. */
  readonly name: string;
  /** 2 for the command line, 3 for the environment (docs/cli.md, "Exit codes"). */
  readonly exitCode: ExitCode;
}

export interface GivenNames {
  /** How a message calls what stood on the command line: `--host`. */
  option: string;
  /** Used when nothing did. An empty variable counts as unset. */
  variable: string;
  env: Readonly<Record<string, string | undefined>>;
}

/** The value of the command line, else that of the environment; undefined when neither has one. */
export function given(argument: string | undefined, names: GivenNames): Given | undefined {
  if (argument !== undefined) return { text: argument, name: names.option, exitCode: EXIT.usage };
  const text = names.env[names.variable] || undefined;
  return text === undefined ? undefined : { text, name: names.variable, exitCode: EXIT.configuration };
}
