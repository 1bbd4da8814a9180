import { wrk } from '../load/wrk.ts';
import { type Case, USUAL_SYSTEMS, WARM_UP_SECONDS } from './case.ts';
import { cpuOf } from './cpuOf.ts';

/** Refusals a second of CPU: what an attack mostly is. */
export function refusals(connections: number): Case {
  return {
    id: 'refusals',
    title: `Refusals, ${connections} connections`,
    method:
      'wrk sends a signed URL whose signature is wrong, which takes a whole verification to find out; nginx and ' +
      'haproxy answer a fixed 403. Every answer of the warm-up must be the same, byte for byte.',
    group: 'refusals',
    unit: 'refusals/s of CPU',
    lessIsBetter: false,
    systems: USUAL_SYSTEMS,
    async run(running, { seconds }) {
      const { url, status } = running.refused!;
      const answer = await fetch(url);
      if (answer.status !== status) throw new Error(`refused with ${answer.status}`);
      const load = { connections, status };
      await wrk(url, { ...load, body: await answer.text(), seconds: WARM_UP_SECONDS });
      const { cpu, result } = await cpuOf(running, () => wrk(url, { ...load, seconds }));
      return {
        'refusals/s of CPU': result.requests / cpu,
        'CPU µs/refusal': (cpu / result.requests) * 1e6,
        'refusals/s': result.requestsPerSecond,
      };
    },
  };
}
