import {
  createSignway,
  type ExchangeRecord,
  type RunningSignway,
  type Signway,
  type SignwayRules,
  type Tls,
} from '../server/index.ts';
import { CliError } from './cliError.ts';
import { defineCommand } from './command.ts';
import { givenAppOptions } from './commandLineApp.ts';
import { configPath } from './configPath.ts';
import { EXIT } from './exitCodes.ts';
import { createLineWriter } from './lineWriter.ts';
import { loadConfig } from './loadConfig.ts';
import { createMessages } from './messages.ts';
import { createReloading } from './reloading.ts';
import { needsChild, serveInChild } from './serveInChild.ts';
import { SERVE_OPTIONS } from './serveOptions.ts';
import { readServeSettings, type ServeSettings } from './serveSettings.ts';
import { startupWarnings } from './startupWarnings.ts';
import { stopOnSignal } from './stopOnSignal.ts';
import { openStore, storeWarning } from './storeChoice.ts';
import { readTlsFiles } from './tlsFiles.ts';
import { renewTlsOnChange } from './tlsRenewal.ts';
import { createTransport } from './transportChoice.ts';

/**
 * Runs the gateway until it is told to stop.
 *
 * **Security**: stdout gets a line for each exchange ({@link ExchangeRecord}: no secret, no value of a query,
 * no body), stderr what a person should know; neither gets a secret.
 */
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
    const { env } = terminal;
    const namesApp = givenAppOptions(line).length > 0 || Boolean(env.SW_ID);
    const path = configPath(line.value('config'), { env, namesApp });
    const readSettings = async () => {
      const loaded = path === undefined ? undefined : await loadConfig(path, { env });
      warnings.push(...(loaded?.warnings ?? []));
      return readServeSettings(line, { env, loaded, warn: (message) => void warnings.push(message) });
    };
    const settings = await readSettings();
    // The child reads the same settings, and it is the one that warns.
    if (settings.transport === 'fetch' && needsChild(env)) return serveInChild(terminal);

    const { tlsFiles } = settings;
    const tls =
      tlsFiles === null
        ? undefined
        : readTlsFiles(tlsFiles, { warn: (message) => void warnings.push(message) });
    for (const warning of [...warnings.splice(0), ...startupWarnings(settings)]) messages.warn(warning);
    const lines = createLineWriter(terminal.stdout, {
      onLoss: (reason) => messages.warn(`lines about exchanges are lost: ${reason}`),
    });
    const store = openStore(settings.store);
    const trouble = await storeWarning(store);
    if (trouble !== null) messages.warn(trouble);
    const signway = createSignway({
      ...rulesOf(settings),
      basePath: settings.basePath || '/',
      trustProxies: settings.trustProxies,
      store,
      transport: await createTransport(settings.transport, settings.upstreamCa),
      ...(settings.exchangeLines ? { onExchange: (record) => lines.write(exchangeLine(record)) } : {}),
    });
    const running = listen(signway, { settings, tls });
    const unwatchTls =
      tlsFiles === null || tls === undefined
        ? undefined
        : renewTlsOnChange(tlsFiles, { messages, inForce: tls, renew: running.renewTls });
    const reloading =
      path === undefined
        ? undefined
        : createReloading({
            settings,
            messages,
            readSettings,
            takeWarnings: () => warnings.splice(0),
            apply: (next) => signway.update(rulesOf(next)),
          });
    // Whoever reads that it listens may ask it to stop.
    const stopped = stopOnSignal(running, {
      terminal,
      messages,
      drain: settings.drain,
      ...(reloading === undefined ? {} : { onHangup: () => reloading.reload('SIGHUP') }),
    });
    messages.success(`Listening on ${running.url.href} for ${appsOf(settings)}`);
    const code = await stopped;
    reloading?.close();
    unwatchTls?.();
    // A reader that does not read must not keep a stopped gateway alive.
    await Promise.race([lines.flush(), Bun.sleep(LAST_LINES)]);
    await store.close();
    return code;
  },
});

// How long the last lines may take to be read, in milliseconds.
const LAST_LINES = 2000;

/** What can be exchanged while it runs. */
function rulesOf({ apps, allowNetworks, resolve, cors, limits }: ServeSettings): SignwayRules {
  return { apps, network: { allowNetworks, resolve }, cors, limits };
}

function appsOf({ app, apps }: ServeSettings): string {
  if (app !== null) return `app '${app.id}'`;
  return apps.length === 1 ? `app '${apps[0]!.id}'` : `${apps.length} apps`;
}

function exchangeLine(record: ExchangeRecord): string {
  return JSON.stringify({ ...record, time: new Date(record.time).toISOString() });
}

function listen(
  signway: Signway,
  { settings, tls }: { settings: ServeSettings; tls: Tls | undefined },
): RunningSignway {
  const { port, hostname, front } = settings;
  try {
    return signway.serve({
      port,
      front,
      ...(hostname === undefined ? {} : { hostname }),
      ...(tls === undefined ? {} : { tls }),
    });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE') {
      throw new CliError(
        EXIT.failed,
        `port ${port} is in use`,
        'Choose another one with --port, or 0 for any.',
      );
    }
    if (code === 'EACCES') {
      throw new CliError(
        EXIT.failed,
        `port ${port} may not be listened on by this user`,
        'Choose one above 1023.',
      );
    }
    const where = hostname === undefined ? `port ${port}` : `${hostname}, port ${port},`;
    throw new CliError(EXIT.failed, `${where} cannot be listened on: ${code ?? 'unknown reason'}`);
  }
}
