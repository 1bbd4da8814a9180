import {
  createSignway,
  type ExchangeRecord,
  type RunningSignway,
  type Signway,
  type SignwayRules,
  type Tls,
} from '../server/index.ts';
import { cannotListen } from './cannotListen.ts';
import type { ExitCode } from './exitCodes.ts';
import { createLineWriter } from './lineWriter.ts';
import { createMessages, type Messages } from './messages.ts';
import { createReloading, type ReloadingOptions } from './reloading.ts';
import type { ServeSettings } from './serveSettings.ts';
import { stopOnSignal } from './stopOnSignal.ts';
import { openStore, storeWarning } from './storeChoice.ts';
import type { Output, Terminal } from './terminal.ts';
import { renewTlsOnChange } from './tlsRenewal.ts';
import { transportOptions } from './transportChoice.ts';
import type { WorkerOrder } from './workers/workerOrder.ts';

export interface GatewayRun extends Pick<ReloadingOptions, 'readSettings' | 'takeWarnings'> {
  readonly settings: ServeSettings;
  /** What `settings.tlsFiles` hold. */
  readonly tls: Tls | undefined;
  readonly terminal: Terminal;
  readonly messages: Messages;
  /** Null where this process is no worker. */
  readonly order: WorkerOrder | null;
  onListening(url: string): void;
}

/**
 * Runs a gateway in this process until it is told to stop.
 *
 * **Security**: stdout gets a line for each exchange ({@link ExchangeRecord}: no secret, no value of a query,
 * no body), stderr what a person should know; neither gets a secret.
 */
export async function runGateway(run: GatewayRun): Promise<ExitCode> {
  const { settings, terminal, messages, order, tls } = run;
  const lines = createLineWriter(terminal.stdout, {
    line: exchangeLine,
    onLoss: (reason) => messages.warn(`lines about exchanges are lost: ${reason}`),
  });
  // What all workers do alike is said by one.
  const common = order === null || order.speaks ? messages : createMessages(NOBODY);
  const isShared = order !== null && settings.store.kind === 'memory';
  const store = openStore(isShared ? { kind: 'sqlite', path: order.memory } : settings.store);
  const trouble = await storeWarning(store);
  if (trouble !== null) common.warn(trouble);
  const signway = createSignway({
    ...rulesOf(settings),
    basePath: settings.basePath || '/',
    trustProxies: settings.trustProxies,
    store,
    ...(await transportOptions(settings.transport, settings.upstreamCa)),
    ...(settings.exchangeLines ? { onExchange: lines.write } : {}),
  });
  const running = listen(signway, run);
  const endRenewal =
    settings.tlsFiles === null || tls === undefined
      ? undefined
      : renewTlsOnChange(settings.tlsFiles, { messages: common, inForce: tls, renew: running.renewTls });
  const reloading =
    settings.configPath === null
      ? undefined
      : createReloading({
          settings,
          messages: common,
          readSettings: run.readSettings,
          takeWarnings: run.takeWarnings,
          apply: (next) => signway.update(rulesOf(next)),
        });
  // Whoever reads that it listens may ask it to stop.
  const stopped = stopOnSignal(running, {
    terminal,
    messages,
    announces: order === null,
    drain: settings.drain,
    ...(reloading === undefined ? {} : { onHangup: () => reloading.reload('SIGHUP') }),
  });
  run.onListening(running.url.href);
  const code = await stopped;
  reloading?.close();
  endRenewal?.();
  // A reader that does not read must not keep a stopped gateway alive.
  await Promise.race([lines.flush(), Bun.sleep(LAST_LINES)]);
  await store.close();
  return code;
}

// How long the last lines may take to be read, in milliseconds.
const LAST_LINES = 2000;

const NOBODY: Output = { colours: false, write: async () => {} };

/** What can be exchanged while it runs. */
function rulesOf({ apps, allowNetworks, resolve, cors, limits }: ServeSettings): SignwayRules {
  return { apps, network: { allowNetworks, resolve }, cors, limits };
}

function exchangeLine(record: ExchangeRecord): string {
  return JSON.stringify({ ...record, time: new Date(record.time).toISOString() });
}

function listen(signway: Signway, { settings, tls, order }: GatewayRun): RunningSignway {
  const { hostname, front } = settings;
  const port = order?.port ?? settings.port;
  try {
    return signway.serve({
      port,
      front,
      reusePort: order !== null,
      ...(hostname === undefined ? {} : { hostname }),
      ...(tls === undefined ? {} : { tls }),
    });
  } catch (error) {
    throw cannotListen(error, { port, hostname });
  }
}
