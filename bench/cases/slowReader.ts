import { transferBodies } from '../load/transferBodies.ts';
import { type Case, USUAL_SYSTEMS } from './case.ts';

const MEGABYTES = 100;
const MEGABYTES_PER_SECOND = 20;

/** How much a system holds for a client that reads more slowly than the upstream sends. */
export function slowReader(): Case {
  return {
    id: 'slow-reader',
    title: `${MEGABYTES} MB to a slow reader`,
    method:
      `A client takes ${MEGABYTES} MB at ${MEGABYTES_PER_SECOND} MB a second; the upstream would send it at ` +
      'once. The highest growth of private memory seen, sampled ten times a second.',
    group: 'streams',
    unit: 'MiB held',
    lessIsBetter: true,
    systems: USUAL_SYSTEMS,
    async run({ url, tree }) {
      const small = url('stream', '/bytes/1000000');
      await transferBodies(small, { direction: 'download', size: 1e6, connections: 4, seconds: 0 });
      const before = tree!.privateBytes();
      let highest = 0;
      const sampler = setInterval(() => {
        highest = Math.max(highest, tree!.privateBytes() - before);
      }, 100);
      try {
        const size = MEGABYTES * 1e6;
        await transferBodies(url('stream', `/bytes/${size}`), {
          direction: 'download',
          size,
          connections: 1,
          seconds: 0,
          bytesPerSecond: MEGABYTES_PER_SECOND * 1e6,
        });
      } finally {
        clearInterval(sampler);
      }
      // Under a megabyte is the noise of an allocator.
      return { 'MiB held': Math.max(1, highest / 1024 / 1024) };
    },
  };
}
