import { signUrl } from '../../signing/signUrl.ts';
import type { SignUrlOptions } from '../../signing/signUrlOptions.ts';
import { createSignway, type RunningSignway, type Signway, type SignwayOptions } from '../createSignway.ts';
import type { ExchangeRecord } from '../exchange.ts';
import type { Tls } from '../front/bun/bunFront.ts';
import { CA, TLS } from './certificates.ts';

export const APP = { id: 'my-id', secret: 'my-secret' };
export const INJECTED = [['Authorization', 'Bearer sk-upstream-key-1234']] as const;

/** The ways in which a gateway can listen: what is asked of one is asked of each. */
export const FRONTS = ['http1', 'bun'] as const;
/** Those and TLS, with HTTP/1.1 inside: what strangers send is asked of each. HTTP/2 has tests of its own. */
export const WIRE_FRONTS = [...FRONTS, 'tls'] as const;
export type Front = (typeof WIRE_FRONTS)[number];

export interface TestGatewayOptions extends Partial<SignwayOptions> {
  /** Default: the gateway's own default. */
  front?: Front | undefined;
  /** Listens for TLS. */
  tls?: Tls;
}

export interface TestGateway
  extends RunningSignway,
    Pick<Signway, 'update' | 'revoke' | 'restore'>,
    AsyncDisposable {
  /** Every exchange that has ended, in order. */
  readonly records: readonly ExchangeRecord[];
  /** Resolves with the next exchange that ends. */
  nextRecord(): Promise<ExchangeRecord>;
  /** `fetch` that trusts the gateway's certificate. */
  ask(url: string | URL, init?: BunFetchRequestInit): Promise<Response>;
  /** A signed URL of this gateway. */
  sign(proxyUrl: string, options?: Partial<SignUrlOptions>): string;
}

/** A gateway on a free loopback port, with one app that may call anything on loopback. */
export function startGateway({ front = 'http1', tls, ...options }: TestGatewayOptions = {}): TestGateway {
  const records: ExchangeRecord[] = [];
  const waiting: ((record: ExchangeRecord) => void)[] = [];
  const signway = createSignway({
    apps: [{ id: APP.id, secrets: [APP.secret], upstreams: [{ origin: '*', headers: INJECTED }] }],
    network: { allowNetworks: ['127.0.0.0/8', '::1/128'] },
    ...options,
    onExchange(record) {
      records.push(record);
      waiting.shift()?.(record);
      options.onExchange?.(record);
    },
  });
  const running = signway.serve({
    port: 0,
    hostname: '127.0.0.1',
    ...(front === 'tls' ? { tls: TLS } : { front }),
    ...(tls && { tls }),
  });
  return {
    ...signway,
    ...running,
    records,
    nextRecord() {
      const { promise, resolve } = Promise.withResolvers<ExchangeRecord>();
      waiting.push(resolve);
      return promise;
    },
    ask: (url, init) => fetch(url, { ...init, tls: { ca: CA } }),
    sign: (proxyUrl, changes) =>
      signUrl({ ...APP, host: running.url.href, proxyUrl, expiry: 60, method: 'GET', ...changes }),
    [Symbol.asyncDispose]: async () => {
      await running.stop({ drain: 0 });
    },
  };
}
