import { join } from 'node:path';
import { freePort, startProcess } from '../machine/startProcess.ts';
import { SIGNER, signedUrls } from './signedUrls.ts';
import type { Surroundings, System } from './system.ts';

/** This gateway as a library, with as many apps as a case asks for. */
export function signwayLibrary({ folder, upstreams }: Surroundings): System {
  return {
    name: 'signway-library',
    about: 'this gateway by `createSignway`, with as many apps as the case says',
    missing: ({ workers, tls }) => (workers > 1 || tls ? 'is measured with one worker, without TLS' : null),
    async start({ apps }) {
      const port = freePort();
      const server = join(import.meta.dirname, 'signwayLibraryServer.ts');
      const running = await startProcess([process.execPath, server, String(port), String(apps)], {
        port,
        folder,
        env: { BENCH_SECRET: SIGNER.secret },
      });
      return { ...running, ...signedUrls(`http://127.0.0.1:${port}`, { upstreams, refusedStatus: 400 }) };
    },
  };
}
