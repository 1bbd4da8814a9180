import { exclusivePort } from '../server/front/exclusivePort.ts';
import { cannotListen } from './cannotListen.ts';
import { defineCommand } from './command.ts';
import { givenAppOptions } from './commandLineApp.ts';
import { configPath } from './configPath.ts';
import type { ExitCode } from './exitCodes.ts';
import { loadConfig } from './loadConfig.ts';
import { createMessages } from './messages.ts';
import { type GatewayRun, runGateway } from './runGateway.ts';
import { FETCH_LIMIT, needsChild, serveInChild } from './serveInChild.ts';
import { SERVE_OPTIONS } from './serveOptions.ts';
import { readServeSettings, type ServeSettings } from './serveSettings.ts';
import { startupWarnings } from './startupWarnings.ts';
import { readTlsFiles } from './tlsFiles.ts';
import { createSharedMemory, removeSharedMemory } from './workers/sharedMemory.ts';
import { superviseWorkers } from './workers/superviseWorkers.ts';
import { workerOrder, workerTerminal } from './workers/workerOrder.ts';

/** Runs the gateway, in this process or in workers, until it is told to stop. */
export const serve = defineCommand({
  name: 'serve',
  description: 'Run the gateway: verify signed URLs, add the headers, stream the answers',
  options: SERVE_OPTIONS,
  examples: [
    {
      says: 'Several apps, with their limits, as signway.config.ts says (`signway init` writes one):',
      command: 'signway serve --config signway.config.ts',
    },
    {
      says: 'One app, one upstream, its key in the environment:',
      command:
        "SW_ID=my-app SW_SECRET_FILE=secret.txt SW_HEADERS='Authorization: Bearer sk-…' \\\n" +
        '  signway serve --allow-upstream https://api.openai.com',
    },
    {
      says: 'Everything on the command line, as the published image takes it (others can read it there):',
      command: "signway my-app my-secret --header 'Authorization: Bearer sk-…'",
    },
    {
      says: 'An upstream in a private network, behind a certificate of its own:',
      command:
        'signway serve --allow-upstream https://llm.corp.example \\\n' +
        '  --allow-network 10.0.0.0/8 --upstream-ca corp-ca.pem',
    },
    {
      says: 'Over TLS, with HTTP/2; a renewed certificate is taken as it comes:',
      command: 'signway serve --tls-cert fullchain.pem --tls-key privkey.pem --port 443',
    },
    {
      says: 'On every core of the machine:',
      command: 'signway serve --workers auto --allow-upstream https://api.openai.com',
    },
    {
      says: 'Only your page may use it, with bodies up to 1 MiB:',
      command:
        'signway serve --access-control-allow-origin https://app.example.com \\\n' +
        '  --max-body 1MiB --max-signed-body 1MiB',
    },
  ],
  notes: [
    'Times are written 30s, 500ms, 10m, 1h or 7d, a plain number being seconds; 0 switches a timeout off. ' +
      'Sizes are written 10MiB or 512KiB, a plain number being bytes.',
    'Each finished exchange is a line of JSON on stdout; everything else goes to stderr.',
    'With a configuration file SIGHUP reads it again: a bad file changes nothing, running streams keep their rules.',
    'SIGTERM or Ctrl-C lets running streams end within --drain; a second one, after a second, exits at once.',
  ],
  async run(line, terminal) {
    const messages = createMessages(terminal.stderr);
    const warnings: string[] = [];
    const takeWarnings = () => warnings.splice(0);
    const warn = (message: string) => void warnings.push(message);
    const { env } = terminal;
    const namesApp = givenAppOptions(line).length > 0 || Boolean(env.SW_ID);
    const path = configPath(line.value('config'), { env, namesApp });
    const readSettings = async () => {
      const loaded = path === undefined ? undefined : await loadConfig(path, { env });
      warnings.push(...(loaded?.warnings ?? []));
      return readServeSettings(line, { env, loaded, warn });
    };
    const settings = await readSettings();
    const worker = workerOrder(terminal);
    const fetchIsLimited = settings.transport === 'fetch' && needsChild(env);
    // The child reads the same settings, and it is the one that warns.
    if (fetchIsLimited && settings.workers === null) return serveInChild(terminal);

    const tls = settings.tlsFiles === null ? undefined : readTlsFiles(settings.tlsFiles, { warn });
    const run = { settings, tls, messages, readSettings, takeWarnings };
    if (worker !== null) {
      const { order, supervisor } = worker;
      takeWarnings();
      const onListening = (url: string) => supervisor.tell({ url });
      const ofWorker = workerTerminal(terminal, supervisor);
      const code = await runGateway({ ...run, order, terminal: ofWorker, onListening });
      if (supervisor.isGone) removeSharedMemory(order.memory);
      return code;
    }
    for (const warning of [...takeWarnings(), ...startupWarnings(settings)]) messages.warn(warning);
    const onListening = (url: string) => {
      const workers = settings.workers === null ? '' : `, with ${settings.workers} workers`;
      messages.success(`Listening on ${url} for ${appsOf(settings)}${workers}`);
    };
    if (settings.workers === null) return runGateway({ ...run, order: null, terminal, onListening });
    const workersEnv = fetchIsLimited ? { ...env, [FETCH_LIMIT[0]]: FETCH_LIMIT[1] } : env;
    return runWorkers({ ...run, terminal: { ...terminal, env: workersEnv }, onListening });
  },
});

async function runWorkers({
  settings,
  terminal,
  messages,
  onListening,
}: Pick<GatewayRun, 'settings' | 'terminal' | 'messages' | 'onListening'>): Promise<ExitCode> {
  const port = claimPort(settings);
  using memory = createSharedMemory();
  return await superviseWorkers({
    terminal,
    messages,
    count: settings.workers ?? 1,
    drain: settings.drain,
    port,
    memory: memory.file,
    reloads: settings.configPath !== null,
    onListening,
  });
}

/** With a shared port a second gateway would not fail, but get every other connection. */
function claimPort({ port, hostname }: ServeSettings): number {
  try {
    return exclusivePort({ port, hostname });
  } catch (error) {
    throw cannotListen(error, { port, hostname });
  }
}

function appsOf({ app, apps }: ServeSettings): string {
  if (app !== null) return `app '${app.id}'`;
  return apps.length === 1 ? `app '${apps[0]!.id}'` : `${apps.length} apps`;
}
