import type { Surroundings, System } from './system.ts';

/** No gateway: what the client and the upstreams cost themselves. */
export function direct({ upstreams }: Surroundings): System {
  return {
    name: 'direct',
    about: 'no gateway at all',
    missing: () => null,
    start: async () => ({
      tree: null,
      url: (upstream, path) => upstreams[upstream] + path,
      refused: null,
      stop: async () => {},
    }),
  };
}
