import { join } from 'node:path';
import { freePort, startProcess } from '../machine/startProcess.ts';
import { SIGNER, signedUrls } from './signedUrls.ts';
import type { Surroundings, System } from './system.ts';

export function bunFetch({ folder, upstreams, certificates }: Surroundings): System {
  return {
    name: 'bun-fetch',
    about: 'Bun.serve, the same verification and fetch, freed of its limit of 256 requests at a time',
    missing: ({ workers, tls }) => (workers > 1 || tls ? 'is measured with one worker, without TLS' : null),
    async start() {
      const port = freePort();
      const server = join(import.meta.dirname, 'bunFetchServer.ts');
      const running = await startProcess([process.execPath, server, String(port)], {
        port,
        folder,
        env: {
          BENCH_SECRET: SIGNER.secret,
          NODE_EXTRA_CA_CERTS: certificates.ca,
          BUN_CONFIG_MAX_HTTP_REQUESTS: '65535',
        },
      });
      return { ...running, ...signedUrls(`http://127.0.0.1:${port}`, { upstreams, refusedStatus: 400 }) };
    },
  };
}
