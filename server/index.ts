export { Refusal, type RefusalCode } from '../signing/refusal.ts';
export { type App, type AppRegistry, createAppRegistry } from './apps.ts';
export {
  createSignway,
  type Gauges,
  type RunningSignway,
  type ServeOptions,
  type Signway,
  type SignwayOptions,
  type SignwayRules,
} from './createSignway.ts';
export type { ExchangeEnding, ExchangeRecord } from './exchange.ts';
export type { RequiredExtension } from './extensions/extensions.ts';
export type { Tls } from './front/bun/bunFront.ts';
export type { CorsOptions } from './headers/cors.ts';
export type { HookContext, HookResult, Hooks, UpstreamHead } from './hooks/hooks.ts';
export type { AppLimits, ByteBudget, TokenBudget, Windowed } from './limiting/appLimits.ts';
export type { Revocable } from './limiting/limiter.ts';
export { DEFAULT_LIMITS, type Limits } from './limits.ts';
export { createMemoryStore, type MemoryStoreOptions } from './stores/memoryStore.ts';
export { createRedisStore, type RedisStore, type RedisStoreOptions } from './stores/redisStore.ts';
export { createSqliteStore, type SqliteStoreOptions } from './stores/sqliteStore.ts';
export { type Store, StoreUnavailable } from './stores/store.ts';
export { createFetchTransport, type FetchTransportOptions } from './transport/fetchTransport.ts';
export { createHttp1Transport, type Http1TransportOptions } from './transport/http1/http1Transport.ts';
export type { Transport } from './transport/transport.ts';
export type { NetworkCache, NetworkOptions, PinnedName } from './upstream/network.ts';
export type { ResolvedAddress, Resolver } from './upstream/resolver.ts';
export { ANY_ORIGIN, type Upstream, type UpstreamTimeouts } from './upstream/upstreamRule.ts';
