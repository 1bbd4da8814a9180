import { openStreams } from '../load/openStreams.ts';
import { median, quantile } from '../report/statistics.ts';
import { type Case, USUAL_SYSTEMS, WARM_UP_SECONDS } from './case.ts';
import { cpuOf } from './cpuOf.ts';

/** CPU for each event of many event streams. */
export function eventStreams({ streams, rate }: { streams: number; rate: number }): Case {
  return {
    id: `events-${streams}`,
    title: `${streams.toLocaleString('en')} event streams, ${rate} ${rate === 1 ? 'event' : 'events'} a second each`,
    method:
      'Each stream has its own phase. The client takes every event apart and compares it: none may be missing, ' +
      'doubled or changed. The delay is from the upstream’s write to the client’s read.',
    group: 'streams',
    unit: 'CPU µs/event',
    lessIsBetter: true,
    systems: ['direct', ...USUAL_SYSTEMS],
    async run(running, { seconds }) {
      const open = await openStreams(running.url('stream', `/events?rate=${rate}`), streams);
      try {
        await open.observe(WARM_UP_SECONDS);
        const { cpu, result } = await cpuOf(running, () => open.observe(seconds));
        return {
          'CPU µs/event': (cpu / result.events) * 1e6,
          'events/s': result.events / seconds,
          'delay p50 ms': median(result.delays),
          'delay p99 ms': quantile(result.delays, 0.99),
        };
      } finally {
        open.close();
      }
    },
  };
}
