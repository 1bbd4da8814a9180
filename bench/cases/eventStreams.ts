import { openStreams } from '../load/openStreams.ts';
import { median, quantile } from '../report/statistics.ts';
import { type Case, USUAL_SYSTEMS, WARM_UP_SECONDS } from './case.ts';
import { cpuOf } from './cpuOf.ts';

/** CPU for each event of many event streams. */
export function eventStreams({ streams, rate }: { streams: number; rate: number }): Case {
  const warmRate = RATES.findLast((each) => each * streams <= WARM_UP_EVENTS) ?? rate;
  return {
    id: `events-${streams}`,
    title: `${streams.toLocaleString('en')} event streams, ${rate} ${rate === 1 ? 'event' : 'events'} a second each`,
    method:
      'Each stream has its own phase. The client takes every event apart and compares it: none may be missing, ' +
      'doubled or changed. The delay is from the upstream’s write to the client’s read. As many streams of ' +
      `${warmRate} events a second each come before, so that what compiles as it runs has done so, as in a ` +
      'process that runs for days.',
    group: 'streams',
    unit: 'CPU µs/event',
    lessIsBetter: true,
    systems: ['direct', ...USUAL_SYSTEMS],
    async run(running, { seconds }) {
      const warming = await openStreams(running.url('stream', `/events?rate=${warmRate}`), streams);
      await warming.observe(WARM_UP_SECONDS).finally(warming.close);
      const open = await openStreams(running.url('stream', `/events?rate=${rate}`), streams);
      try {
        await open.observe(SETTLING_SECONDS);
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

/** Events a second while a system warms up, all streams together. */
const WARM_UP_EVENTS = 20_000;

/** What the upstream can send at, in events a second. */
const RATES = [1, 2, 4, 5, 10, 20, 50, 100];

/** From when the last stream was opened. */
const SETTLING_SECONDS = 1;
