import { wrk } from '../load/wrk.ts';
import { SMALL_JSON } from '../upstreams/startUpstreams.ts';
import { type Case, USUAL_SYSTEMS, WARM_UP_SECONDS } from './case.ts';
import { cpuOf } from './cpuOf.ts';

export interface RequestsOptions {
  connections: number;
  upstream?: 'json' | 'tls';
  /** Apps that sign, each request by the next. Default: 1. */
  apps?: number;
}

/** Requests a second of CPU: small JSON answers over kept-alive connections. */
export function requests(
  { connections, upstream = 'json', apps = 1 }: RequestsOptions,
  changes: Partial<Case> = {},
): Case {
  const of = connections === 1 ? '1 connection' : `${connections} connections`;
  return {
    id: `${upstream}-${connections}`,
    title: `Small JSON${upstream === 'tls' ? ' from a TLS upstream' : ''}, ${of}`,
    method:
      'wrk asks for 150 bytes of JSON over kept-alive connections as fast as it is answered. Every answer of ' +
      'the warm-up is compared byte for byte, every one that counts by its status.',
    group: 'requests',
    unit: 'req/s of CPU',
    lessIsBetter: false,
    systems: ['direct', ...USUAL_SYSTEMS],
    async run(running, { seconds }) {
      const urls = Array.from({ length: apps }, (_, app) => running.url(upstream, '/v1/chat', { app }));
      const load = { connections, status: 200 };
      await wrk(urls, { ...load, body: SMALL_JSON, seconds: WARM_UP_SECONDS });
      const { cpu, result } = await cpuOf(running, () => wrk(urls, { ...load, seconds }));
      return {
        'req/s of CPU': result.requests / cpu,
        'CPU µs/req': (cpu / result.requests) * 1e6,
        'req/s': result.requestsPerSecond,
        'p50 ms': result.p50,
        'p99 ms': result.p99,
      };
    },
    ...changes,
  };
}
