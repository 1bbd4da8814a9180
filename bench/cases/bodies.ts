import { type TransferOptions, transferBodies } from '../load/transferBodies.ts';
import { type Case, USUAL_SYSTEMS, WARM_UP_SECONDS } from './case.ts';
import { cpuOf } from './cpuOf.ts';

export interface BodiesOptions {
  direction: TransferOptions['direction'];
  megabytes: number;
  connections: number;
}

/** Megabytes a second of CPU: large bodies, one after the other on each connection. */
export function bodies({ direction, megabytes, connections }: BodiesOptions): Case {
  const size = megabytes * 1e6;
  return {
    id: `${direction}-${megabytes}mb`,
    title: `${megabytes} MB ${direction}s, ${connections} connections`,
    method:
      'Bodies with a Content-Length, each begun when the one before is over; whole bodies alone are counted. ' +
      'Every byte of every body is compared, by the client or the upstream, whichever receives it.',
    group: 'bodies',
    unit: 'MB/s of CPU',
    lessIsBetter: false,
    systems: ['direct', ...USUAL_SYSTEMS],
    async run(running, { seconds }) {
      const url =
        direction === 'download'
          ? running.url('stream', `/bytes/${size}`)
          : running.url('stream', '/upload', { method: 'POST' });
      const load = { direction, size, connections };
      await transferBodies(url, { ...load, seconds: WARM_UP_SECONDS });
      const { cpu, result } = await cpuOf(running, () => transferBodies(url, { ...load, seconds }));
      return {
        'MB/s of CPU': result.bytes / 1e6 / cpu,
        'MB/s': result.bytes / 1e6 / result.seconds,
      };
    },
  };
}
