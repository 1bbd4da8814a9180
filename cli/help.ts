import type { Command, Example } from './command.ts';
import { type OptionDef, type OptionsDef, shortName } from './commandLine.ts';
import type { Palette } from './palette.ts';

/**
 * The help of one command. citty renders usage too, but without groups and examples, and it decides about
 * colours for the whole process when it is loaded.
 */
export function commandHelp(command: Command, palette: Palette): string {
  const { meta, args, examples, notes } = command;
  const positionals = Object.entries(args).filter(([, option]) => option.type === 'positional');
  const usage = [
    'signway',
    meta.name,
    ...positionals.map(([name]) => `[${name.toUpperCase()}]`),
    '[options]',
  ];
  const sections = [
    `${meta.description}.`,
    `${palette.heading('Usage')}\n  ${usage.join(' ')}`,
    examplesSection(examples, palette),
  ];
  if (positionals.length > 0) {
    const rows = positionals.map(([name, { description }]): Row => [name.toUpperCase(), description ?? '']);
    sections.push(table('Arguments', rows, palette));
  }
  for (const [group, rows] of optionGroups(args)) sections.push(table(group, rows, palette));
  sections.push(...notes.map((note) => wrap(note, WIDTH).join('\n')));
  return `${sections.join('\n\n')}\n`;
}

/** The help of the whole. */
export function mainHelp(commands: readonly Command[], palette: Palette): string {
  const rows = commands.map(({ meta }): Row => [meta.name, meta.description]);
  const sections = [
    'Signway: pages call an API that needs a secret key, without the key.',
    `${palette.heading('Usage')}\n  signway <command> [options]\n  signway ID SECRET --header 'Name: value'   short for signway serve`,
    table('Commands', rows, palette),
    table(
      'Options',
      [
        ['-h, --help', 'Show help; after a command, its own'],
        ['-v, --version', 'Show the version'],
      ],
      palette,
    ),
    examplesSection(FIRST_STEPS, palette),
    'signway <command> --help says more, with examples.',
  ];
  return `${sections.join('\n\n')}\n`;
}

const FIRST_STEPS: readonly Example[] = [
  { says: 'Make an id and a secret, and load them into this shell:', command: 'export $(signway keygen)' },
  {
    says: 'Run a gateway that adds the key of an API:',
    command: "SW_HEADERS='Authorization: Bearer sk-…' signway serve --allow-upstream https://api.openai.com",
  },
  {
    says: 'Call the API through it, in another shell with the same id and secret:',
    command: 'curl "$(signway sign --host http://localhost:3000 https://api.openai.com/v1/models)"',
  },
];

type Row = [name: string, description: string];

const WIDTH = 96;

function optionGroups(args: OptionsDef): Map<string, Row[]> {
  const groups = new Map<string, Row[]>();
  for (const [name, option] of Object.entries(args)) {
    if (option.type === 'positional') continue;
    const group = option.group ?? 'Options';
    const rows = groups.get(group) ?? [];
    rows.push([optionTitle(name, option), optionDescription(option)]);
    groups.set(group, rows);
  }
  const options = groups.get('Options') ?? [];
  groups.set('Options', [...options, ['-h, --help', 'Show this']]);
  return groups;
}

/** A flag that is on by default is shown as the option that turns it off. */
function optionTitle(name: string, option: OptionDef): string {
  const short = shortName(option);
  const long = option.type === 'boolean' && option.default === true ? `--no-${name}` : `--${name}`;
  const value = option.type === 'string' ? ` <${option.valueHint ?? 'value'}>` : '';
  return `${short === undefined ? '    ' : `-${short}, `}${long}${value}`;
}

function optionDescription(option: OptionDef): string {
  const negative = 'negativeDescription' in option ? option.negativeDescription : undefined;
  return (option.type === 'boolean' && option.default === true ? negative : option.description) ?? '';
}

function table(title: string, rows: readonly Row[], palette: Palette): string {
  const longest = Math.max(...rows.map(([name]) => name.length));
  const column = Math.min(longest, 34) + 2;
  const lines = rows.flatMap(([name, description]) => {
    const text = wrap(description, WIDTH - column - 2);
    const shown = palette.option(name) + ' '.repeat(Math.max(0, column - name.length));
    const indent = ' '.repeat(column + 2);
    if (name.length > column - 2) return [`  ${palette.option(name)}`, ...text.map((line) => indent + line)];
    return text.map((line, index) => (index === 0 ? `  ${shown}${line}` : indent + line));
  });
  return [palette.heading(title), ...lines].join('\n');
}

function examplesSection(examples: readonly Example[], palette: Palette): string {
  const blocks = examples.map(({ says, command }) => {
    const lines = command.split('\n').map((line) => `    ${line}`);
    return [`  ${palette.faint(says)}`, ...lines].join('\n');
  });
  return [palette.heading('Examples'), ...blocks].join('\n');
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}
