import { type App, DEFAULT_LIMITS } from '../server/index.ts';
import type { ServeSettings } from './serveSettings.ts';

/** What is in force, as it can be shown to anyone. */
export type ShownSettings = Readonly<Record<string, unknown>>;

/**
 * Settings without their secrets.
 *
 * **Security**: everything that a person has to hide becomes `[redacted]`: secrets of apps, values of injected headers,
 * the password of a store's URL. What is shown is chosen field by field.
 */
export function shownSettings(settings: ServeSettings): ShownSettings {
  const { configPath, port, hostname, front, transport, drain, exchangeLines, reloadOnChange } = settings;
  return {
    config: configPath,
    port,
    host: hostname ?? 'every address',
    basePath: settings.basePath || '/',
    front,
    tls: settings.tlsFiles,
    transport,
    workers: settings.workers,
    drainMs: drain,
    exchangeLines,
    reloadOnChange,
    store: shownStore(settings.store),
    allowNetworks: settings.allowNetworks,
    trustProxies: settings.trustProxies,
    resolve: settings.resolve,
    upstreamCa: settings.upstreamCa === undefined ? null : 'given',
    cors: { allowOrigins: '*', ...settings.cors },
    limits: { ...DEFAULT_LIMITS, ...settings.limits },
    apps: settings.apps.map(shownApp),
  };
}

const REDACTED = '[redacted]';

function shownStore(store: ServeSettings['store']): object {
  if (store.kind !== 'redis') return store;
  const url = new URL(store.url);
  if (url.username !== '' || url.password !== '') {
    url.username = '';
    url.password = 'redacted';
  }
  for (const name of [...url.searchParams.keys()]) url.searchParams.set(name, 'redacted');
  return { ...store, url: url.href };
}

function shownApp({ secrets, upstreams, ...app }: App): object {
  return {
    ...app,
    secrets: secrets.map(() => REDACTED),
    upstreams: upstreams.map(({ headers, ...upstream }) => ({
      ...upstream,
      headers: Object.fromEntries(headers.map(([name]) => [name, REDACTED])),
    })),
  };
}
