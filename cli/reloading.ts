import { type Limits, limitsWith } from '../server/limits.ts';
import { CliError } from './cliError.ts';
import type { Messages } from './messages.ts';
import type { ServeSettings } from './serveSettings.ts';
import { watchFile } from './watchFile.ts';

export interface ReloadingOptions {
  /** Those the gateway began with; `configPath` is set. */
  settings: ServeSettings;
  messages: Messages;
  readSettings(): Promise<ServeSettings>;
  /** What reading them has warned about. */
  takeWarnings(): readonly string[];
  /** Puts new rules in force, all or nothing. */
  apply(settings: ServeSettings): void;
}

export interface Reloading {
  /** Reads the configuration again, one time after the other; `why` goes into the message. */
  reload(why: string): void;
  close(): void;
}

/**
 * Puts a changed configuration file in force without a restart. A file that cannot be used leaves everything as it
 * was, and that is said.
 */
export function createReloading(options: ReloadingOptions): Reloading {
  const { settings, messages, readSettings, takeWarnings, apply } = options;
  const path = settings.configPath!;
  let underway = Promise.resolve();
  const unwatch = settings.reloadOnChange ? watchFile(path, () => reload('it has changed')) : () => {};
  return { reload, close: unwatch };

  function reload(why: string): void {
    underway = underway.then(() => reloadNow(why));
  }

  async function reloadNow(why: string): Promise<void> {
    try {
      const next = await readSettings();
      apply(next);
      for (const warning of takeWarnings()) messages.warn(warning);
      const [limits, inForce] = [limitsWith(next.limits), limitsWith(settings.limits)];
      const later = [
        ...STARTING.filter((name) => !Bun.deepEquals(next[name], settings[name])),
        ...OF_CONNECTIONS.filter((name) => limits[name] !== inForce[name]).map((name) => `limits.${name}`),
      ];
      if (later.length > 0) messages.warn(`${later.join(', ')} will change at the next start`);
      messages.success(`Reloaded ${path} (${why})`);
    } catch (error) {
      takeWarnings();
      const reason =
        error instanceof CliError || error instanceof TypeError ? error.message : 'unknown reason';
      messages.error(`${path} (${why}) is not used, and what was in force stays so: ${reason}`);
    }
  }
}

/** What a running gateway cannot change. */
const STARTING = [
  'port',
  'hostname',
  'basePath',
  'tlsFiles',
  'workers',
  'store',
  'upstreamCa',
  'trustProxies',
  'drain',
  'exchangeLines',
  'reloadOnChange',
] as const satisfies readonly (keyof ServeSettings)[];

/** Limits of what listens, which reads a request before any rule is asked. */
const OF_CONNECTIONS = [
  'maxUrlLength',
  'maxHeaderBytes',
  'headerTimeout',
  'keepAliveTimeout',
  'sendTimeout',
] as const satisfies readonly (keyof Limits)[];
