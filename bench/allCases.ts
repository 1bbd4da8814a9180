import { bodies } from './cases/bodies.ts';
import type { Case } from './cases/case.ts';
import { eventStreams } from './cases/eventStreams.ts';
import { idleStreams } from './cases/idleStreams.ts';
import { latency } from './cases/latency.ts';
import { refusals } from './cases/refusals.ts';
import { requests } from './cases/requests.ts';
import { slowReader } from './cases/slowReader.ts';
import { streamsOverTls } from './cases/streamsOverTls.ts';

/** Every case, in the order of the report. `descriptors` bounds the streams: a gateway needs two for each. */
export function allCases({ descriptors }: { descriptors: number }): Case[] {
  const mostStreams = Math.min(10_000, Math.floor((descriptors - 500) / 2 / 100) * 100);
  return [
    requests({ connections: 1 }),
    requests({ connections: 64 }),
    requests({ connections: 256 }),
    requests({ connections: 64, upstream: 'tls' }),
    requests({ connections: 256, upstream: 'tls' }),
    requests(
      { connections: 64 },
      {
        id: 'defaults',
        title: 'All defaults on, 64 connections',
        group: 'scaling',
        systems: ['signway-bare', 'signway'],
        reference: 'signway-bare',
      },
    ),
    ...[1, 2].map((workers) =>
      requests(
        { connections: 64 },
        {
          id: `workers-${workers}`,
          title: `${workers} ${workers === 1 ? 'worker' : 'workers'}, small JSON, 64 connections`,
          group: 'scaling',
          systems: ['nginx', 'signway'],
          setup: { workers },
        },
      ),
    ),
    ...[1, 100, 10_000].map((apps) =>
      requests(
        { connections: 64, apps },
        {
          id: `apps-${apps}`,
          title: `${apps.toLocaleString('en')} ${apps === 1 ? 'app' : 'apps'}, small JSON, 64 connections`,
          group: 'scaling',
          systems: ['nginx', 'signway-library'],
          setup: { apps },
          method:
            'As the other small answers, each request signed by the next app in turn; nginx, which knows no apps, ' +
            'gets the same URL as often.',
        },
      ),
    ),
    refusals(64),
    latency({ rate: 1000, connections: 64 }),
    eventStreams({ streams: 200, rate: 5 }),
    eventStreams({ streams: 1000, rate: 5 }),
    eventStreams({ streams: mostStreams, rate: 1 }),
    streamsOverTls('http/1.1'),
    streamsOverTls('h2'),
    idleStreams(1000),
    slowReader(),
    bodies({ direction: 'download', megabytes: 1, connections: 8 }),
    bodies({ direction: 'upload', megabytes: 1, connections: 8 }),
    bodies({ direction: 'download', megabytes: 64, connections: 2 }),
    bodies({ direction: 'upload', megabytes: 64, connections: 2 }),
  ];
}
