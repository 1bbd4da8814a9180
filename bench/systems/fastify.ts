import { join } from 'node:path';
import { freePort, startProcess } from '../machine/startProcess.ts';
import { SIGNER, signedUrls } from './signedUrls.ts';
import type { Surroundings, System } from './system.ts';

const ROOT = join(import.meta.dirname, '../..');

export function fastify({ folder, upstreams, certificates }: Surroundings): System {
  return {
    name: 'fastify',
    about: '@fastify/http-proxy on Node with the same verification, as a TypeScript team would write it',
    missing: ({ workers, tls }) => (workers > 1 || tls ? 'is measured with one worker, without TLS' : null),
    async start() {
      const port = freePort();
      const running = await startProcess(['node', await bundledForNode(), String(port)], {
        port,
        folder,
        env: { BENCH_SECRET: SIGNER.secret, NODE_EXTRA_CA_CERTS: certificates.ca, NODE_ENV: 'production' },
      });
      return { ...running, ...signedUrls(`http://127.0.0.1:${port}`, { upstreams, refusedStatus: 400 }) };
    },
  };
}

/** Node 20 reads no TypeScript. The packages stay where they are, which is why this lies beside them. */
async function bundledForNode(): Promise<string> {
  const { outputs } = await Bun.build({
    entrypoints: [join(import.meta.dirname, 'fastifyServer.ts')],
    outdir: join(ROOT, 'node_modules/.cache/signway-bench'),
    naming: '[name].mjs',
    target: 'node',
    packages: 'external',
  });
  return outputs[0]!.path;
}
