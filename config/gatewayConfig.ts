import type { App } from '../server/apps.ts';
import type { CorsOptions } from '../server/headers/cors.ts';
import type { Limits } from '../server/limits.ts';
import type { NetworkOptions } from '../server/upstream/network.ts';

/** A gateway as a configuration file describes it, with every value found and every unit made milliseconds or bytes. */
export interface GatewayConfig {
  readonly apps: readonly App[];
  readonly network: Required<Pick<NetworkOptions, 'allowNetworks' | 'resolve'>>;
  /** Networks of the proxies in front. */
  readonly trustProxies: readonly string[];
  readonly cors: CorsOptions;
  readonly limits: Partial<Limits>;
  /** Undefined where the file says nothing. */
  readonly store: StoreChoice | undefined;
  /** PEM text. */
  readonly upstreamCa: string | undefined;
  readonly port: number | undefined;
  readonly host: string | undefined;
  readonly basePath: string | undefined;
  /** Files, by their absolute paths. */
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  readonly workers: number | 'auto' | undefined;
  readonly drain: number | undefined;
  readonly exchangeLines: boolean | undefined;
  readonly reloadOnChange: boolean;
}

export type StoreChoice =
  | { readonly kind: 'memory' }
  | { readonly kind: 'sqlite'; readonly path: string; readonly timeout?: number }
  | { readonly kind: 'redis'; readonly url: string; readonly prefix?: string; readonly timeout?: number };
