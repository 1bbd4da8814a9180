import { h2load } from '../load/h2load.ts';
import { formatEvent } from '../upstreams/event.ts';
import type { Case } from './case.ts';
import { cpuOf } from './cpuOf.ts';

const STREAMS = 400;
const RATE = 5;
const OPENING_SECONDS = 3;

/** CPU for each event of event streams over TLS: as many connections of HTTP/1.1, or a few of HTTP/2. */
export function streamsOverTls(protocol: 'h2' | 'http/1.1'): Case {
  const connections = protocol === 'h2' ? 4 : STREAMS;
  return {
    id: `tls-events-${protocol === 'h2' ? 'h2' : 'h1'}`,
    title: `${STREAMS} event streams over ${protocol === 'h2' ? 'HTTP/2' : 'HTTP/1.1'} and TLS, ${connections} connections`,
    method:
      `h2load opens ${STREAMS} event streams at once, ${RATE} events a second each, and reads them to their end. ` +
      'All must be answered 200 and whole, by their length. The figure is taken while all are open, handshakes done.',
    group: 'streams',
    unit: 'CPU µs/event',
    lessIsBetter: true,
    systems: ['nginx', 'signway'],
    setup: { tls: true },
    async run(running, { seconds }) {
      // As many seconds before the figure is taken as a loaded machine needs for the handshakes, and one after it.
      const events = RATE * (OPENING_SECONDS + seconds + 1);
      const url = running.url('stream', `/events?rate=${RATE}&count=${events}`);
      const load = { protocol, connections, requests: STREAMS, size: sizeOf(events) };
      const [, { cpu }] = await Promise.all([
        h2load(url, load),
        Bun.sleep(OPENING_SECONDS * 1000).then(() => cpuOf(running, () => Bun.sleep(seconds * 1000))),
      ]);
      return { 'CPU µs/event': (cpu / (STREAMS * RATE * seconds)) * 1e6 };
    },
  };
}

function sizeOf(events: number): number {
  const now = Date.now();
  return Array.from({ length: events }, (_, i) => formatEvent(i + 1, now).length).reduce((a, b) => a + b, 0);
}
