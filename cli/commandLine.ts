import { parseArgs } from 'node:util';
import type { ArgDef } from 'citty';
import { nearestName } from '../config/nearestName.ts';
import { CliError } from './cliError.ts';
import { EXIT } from './exitCodes.ts';

/** An option or a positional argument as citty defines it, and what citty has no word for. */
export type OptionDef = ArgDef & {
  /** May be given several times. Default: the second is an error. */
  repeatable?: boolean;
  /** The heading it stands under in the help. Default: `Options`. */
  group?: string;
};

export type OptionsDef = Readonly<Record<string, OptionDef>>;

/** A command line that was understood. Names are those of the definition. */
export interface CommandLine<Name extends string = string> {
  /** The value of an option or of a positional argument; undefined when it was not given. */
  value(name: Name): string | undefined;
  /** All values of a repeatable option, in their order. */
  values(name: Name): readonly string[];
  /** Whether a flag is set; undefined when neither it nor its `--no-` form was given. */
  flag(name: Name): boolean | undefined;
}

/**
 * Reads arguments by their definition.
 *
 * citty's own parser takes unknown options without a word, keeps only the last of a repeated one (`-H` twice)
 * and turns a missing value into an empty one, so it gives the definitions and Node's parser the tokens.
 *
 * **Security**: errors name options and never repeat values or positional arguments, which may be secrets.
 *
 * @throws {CliError} 2 for an unknown, repeated or incomplete option and for too many arguments
 */
export function parseCommandLine<Definition extends OptionsDef>(
  args: readonly string[],
  definition: Definition,
): CommandLine<keyof Definition & string> {
  const options = Object.entries(definition).filter(([, option]) => option.type !== 'positional');
  const { tokens } = parseArgs({
    args: [...args],
    options: Object.fromEntries(options.map(([name, option]) => [name, nodeOption(option)])),
    strict: false,
    allowPositionals: true,
    allowNegative: true,
    tokens: true,
  });

  const given = new Map<string, string[]>();
  const flags = new Map<string, boolean>();
  const positionals: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value);
    if (token.kind !== 'option') continue;
    const { name, rawName } = token;
    const option = Object.hasOwn(definition, name) ? definition[name] : undefined;
    if (option === undefined || option.type === 'positional') throw unknownOption(rawName, definition);
    if (option.type === 'boolean') {
      if (token.inlineValue === true) throw usage(`${rawName} takes no value`);
      flags.set(name, !rawName.startsWith('--no-'));
      continue;
    }
    const values = given.get(name) ?? [];
    if (values.length > 0 && option.repeatable !== true) throw usage(`${rawName} is given twice`);
    given.set(name, [...values, checkedValue(token)]);
  }

  const names = Object.keys(definition).filter((name) => definition[name]?.type === 'positional');
  if (positionals.length > names.length) {
    const most = names.length === 0 ? 'none' : `at most ${names.length}`;
    throw usage(`${positionals.length} arguments are given, ${most} can be taken`);
  }
  for (const [index, value] of positionals.entries()) given.set(names[index]!, [value]);

  return {
    value: (name) => given.get(name)?.[0],
    values: (name) => given.get(name) ?? [],
    flag: (name) => flags.get(name),
  };
}

function nodeOption(option: OptionDef): { type: 'string' | 'boolean'; short?: string; multiple: true } {
  const short = shortName(option);
  return {
    type: option.type === 'boolean' ? 'boolean' : 'string',
    multiple: true,
    ...(short === undefined ? {} : { short }),
  };
}

/** The one-letter name of an option. */
export function shortName(option: OptionDef): string | undefined {
  const aliases = 'alias' in option ? [option.alias ?? []].flat() : [];
  return aliases.find((alias) => alias.length === 1);
}

function unknownOption(rawName: string, definition: OptionsDef): CliError {
  const names = Object.keys(definition).filter((name) => definition[name]?.type !== 'positional');
  const nearest = rawName.startsWith('--') ? nearestName(rawName.slice(2), names) : undefined;
  return usage(`unknown option ${rawName}`, nearest === undefined ? undefined : `Did you mean --${nearest}?`);
}

function checkedValue(token: {
  rawName: string;
  value?: string | undefined;
  inlineValue?: boolean | undefined;
}): string {
  const { rawName, value } = token;
  if (value === undefined) throw usage(`${rawName} needs a value`);
  if (token.inlineValue !== true && value.length > 1 && value.startsWith('-')) {
    const joined = rawName.startsWith('--') ? `${rawName}=-…` : `${rawName}-…`;
    throw usage(`${rawName} needs a value`, `A value that begins with a dash is written ${joined}`);
  }
  return value;
}

function usage(message: string, hint?: string): CliError {
  return new CliError(EXIT.usage, message, hint);
}
