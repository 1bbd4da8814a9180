import { openLoop } from '../load/openLoop.ts';
import { wrk } from '../load/wrk.ts';
import { quantile } from '../report/statistics.ts';
import { SMALL_JSON } from '../upstreams/startUpstreams.ts';
import { type Case, type Figures, USUAL_SYSTEMS, WARM_UP_SECONDS } from './case.ts';

/** What a system adds to the time of an answer, at a rate that all of them can serve. */
export function latency({ rate, connections }: { rate: number; connections: number }): Case {
  return {
    id: 'latency',
    title: `Latency added, ${rate.toLocaleString('en')} requests a second`,
    method:
      'Requests are due at fixed moments, evenly spaced, and each is timed from the moment it was due to its ' +
      `last byte, also when it had to wait for one of the ${connections} connections: no coordinated omission. ` +
      'Every answer is compared. Added is the figure less that of the direct connection in the same round. ' +
      'Before, wrk asks as fast as it is answered, to warm the system up. ' +
      'Client late says how far the client was behind its own schedule when it turned to a request.',
    group: 'latency',
    unit: 'p99 added ms',
    lessIsBetter: true,
    systems: ['direct', ...USUAL_SYSTEMS],
    async run(running, { seconds }) {
      const url = running.url('json', '/v1/chat');
      const load = { rate, connections, expected: SMALL_JSON };
      await wrk(url, { connections, status: 200, body: SMALL_JSON, seconds: WARM_UP_SECONDS });
      const { latencies, lateness } = await openLoop(url, { ...load, seconds });
      return {
        'p50 ms': quantile(latencies, 0.5),
        'p99 ms': quantile(latencies, 0.99),
        'client late p99 ms': quantile(lateness, 0.99),
      };
    },
    besideDirect: (own, direct): Figures => ({
      'p99 added ms': own['p99 ms']! - direct['p99 ms']!,
      'p50 added ms': own['p50 ms']! - direct['p50 ms']!,
      ...own,
    }),
  };
}
