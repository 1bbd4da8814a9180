import { openStreams } from '../load/openStreams.ts';
import { type Case, USUAL_SYSTEMS } from './case.ts';

const EARLIER = 50;

/** Memory for each of many event streams that are silent. */
export function idleStreams(streams: number): Case {
  return {
    id: `idle-${streams}`,
    title: `${streams.toLocaleString('en')} idle event streams`,
    method:
      `Streams are opened that stay silent after their first event. Growth of private memory for each, beside ` +
      `the moment when ${EARLIER} others had come and gone; taken two seconds after the last was opened.`,
    group: 'streams',
    unit: 'KiB/stream',
    lessIsBetter: true,
    systems: USUAL_SYSTEMS,
    async run({ url, tree }) {
      const idle = url('stream', '/idle');
      (await openStreams(idle, EARLIER)).close();
      await Bun.sleep(1500);
      const before = tree!.privateBytes();
      const open = await openStreams(idle, streams);
      try {
        await open.observe(2);
        return { 'KiB/stream': (tree!.privateBytes() - before) / 1024 / streams };
      } finally {
        open.close();
      }
    },
  };
}
