import { runCommand } from 'citty';
import { nearestName } from '../config/nearestName.ts';
import { VERSION } from '../package/version.ts';
import { CliError } from './cliError.ts';
import type { Command } from './command.ts';
import { commandOnBun, isOnBun } from './commandOnBun.ts';
import { EXIT, type ExitCode } from './exitCodes.ts';
import { commandHelp, mainHelp } from './help.ts';
import { createMessages } from './messages.ts';
import { createPalette } from './palette.ts';
import { SERVE_OPTIONS } from './serveOptions.ts';
import type { Terminal } from './terminal.ts';

/**
 * Runs one command line and gives the exit code; never rejects.
 *
 * The command line of the published image, `ID SECRET --header …` without a command's name, is `serve`.
 */
export async function runCli(terminal: Terminal): Promise<ExitCode> {
  try {
    return await dispatch(terminal);
  } catch (error) {
    const messages = createMessages(terminal.stderr);
    if (!(error instanceof CliError)) {
      messages.error(error instanceof Error ? error.message : String(error));
      return EXIT.failed;
    }
    messages.error(error.message);
    if (error.hint !== undefined) messages.info(error.hint);
    if (error.exitCode === EXIT.usage) messages.info('See signway --help.');
    return error.exitCode;
  }
}

// Each is loaded when it is used: `signway sign` in a script should not wait for the server's code.
const COMMANDS = {
  serve: async () =>
    isOnBun()
      ? (await import('./serve.ts')).serve
      : commandOnBun({
          name: 'serve',
          description: 'Run the gateway: verify signed URLs, add the headers, stream the answers',
          options: SERVE_OPTIONS,
        }),
  sign: async () => (await import('./sign.ts')).sign,
  grant: async () => (await import('./grant.ts')).grant,
  inspect: async () => (await import('./inspect.ts')).inspect,
  keygen: async () => (await import('./keygen.ts')).keygen,
  health: async () => (await import('./health.ts')).health,
  config: async () =>
    isOnBun()
      ? (await import('./config.ts')).config
      : commandOnBun({
          name: 'config',
          description: 'Check a configuration file, or show what is in force',
        }),
  init: async () => (await import('./init.ts')).init,
  revoke: async () =>
    isOnBun()
      ? (await import('./revoke.ts')).revoke
      : commandOnBun({
          name: 'revoke',
          description: 'Cut a subject or a nonce off now, on every gateway that shares a store',
        }),
} as const satisfies Record<string, () => Promise<Command>>;

const ASKS_FOR_VERSION: ReadonlySet<string> = new Set(['--version', '-v', 'version']);

type CommandName = keyof typeof COMMANDS;

async function dispatch(terminal: Terminal): Promise<ExitCode> {
  const { argv, stdout, stderr } = terminal;
  const [first, second] = argv;
  if (first === undefined) {
    await stderr.write(mainHelp(await allCommands(), createPalette(stderr.colours)));
    return EXIT.usage;
  }
  if (argv.length === 1 && ASKS_FOR_VERSION.has(first)) {
    await stdout.write(`${VERSION}\n`);
    return EXIT.done;
  }
  if ((argv.length === 1 && isHelp(first)) || first === 'help') {
    const about = first === 'help' && isCommandName(second) ? await COMMANDS[second]() : undefined;
    const palette = createPalette(stdout.colours);
    await stdout.write(
      about === undefined ? mainHelp(await allCommands(), palette) : commandHelp(about, palette),
    );
    return EXIT.done;
  }

  const named = isCommandName(first);
  if (!named) refuseMistypedCommand(argv);
  const name = named ? first : 'serve';
  const given = named ? argv.slice(1) : [...argv];
  const rawArgs = name === 'serve' ? withHeaderShorthand(given) : given;
  const command: Command = await COMMANDS[name]();
  if (asksForHelp(rawArgs)) {
    await stdout.write(commandHelp(command, createPalette(stdout.colours)));
    return EXIT.done;
  }
  const { result } = await runCommand(command, { rawArgs, data: terminal });
  return result as ExitCode;
}

function allCommands(): Promise<Command[]> {
  return Promise.all(Object.values(COMMANDS).map((load) => load()));
}

function isCommandName(text: string | undefined): text is CommandName {
  return text !== undefined && Object.hasOwn(COMMANDS, text);
}

/**
 * The bare form is an id and a secret: `signway sgin https://…` and `signway status` must not become gateways of
 * those ids.
 */
function refuseMistypedCommand([first = '', second]: readonly string[]): void {
  if (first.startsWith('-')) return;
  const nearest = nearestName(first, Object.keys(COMMANDS));
  const isBareForm = second !== undefined && !second.startsWith('-') && !/^https?:/.test(second);
  if (isBareForm) return;
  const hint = nearest === undefined ? undefined : `Did you mean signway ${nearest}?`;
  throw new CliError(EXIT.usage, `there is no command '${first}'`, hint);
}

/** The published README writes `-h 'Authorization:Bearer …'`: a `-h` with a colon after it is a header. */
function withHeaderShorthand(args: readonly string[]): string[] {
  const end = args.indexOf('--');
  return args.map((arg, index) => {
    if (end !== -1 && index > end) return arg;
    if (arg === '-h' && args[index + 1]?.includes(':') === true) return '-H';
    return arg.startsWith('-h') && arg.includes(':') ? `-H${arg.slice(2)}` : arg;
  });
}

function asksForHelp(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  return (end === -1 ? args : args.slice(0, end)).some(isHelp);
}

function isHelp(arg: string): boolean {
  return arg === '--help' || arg === '-h';
}
