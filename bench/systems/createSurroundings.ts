import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { descriptorLimit } from '../machine/descriptorLimit.ts';
import { makeCertificates } from '../upstreams/certificates.ts';
import { startUpstreams } from '../upstreams/startUpstreams.ts';
import type { Surroundings } from './system.ts';

/** Makes what all systems of a run share: a folder, certificates, running upstreams. Disposing ends and removes it. */
export async function createSurroundings(): Promise<Surroundings & AsyncDisposable> {
  const folder = await mkdtemp(join(tmpdir(), 'signway-bench-'));
  const certificates = await makeCertificates(folder);
  const upstreams = await startUpstreams(folder, certificates);
  return {
    folder,
    certificates,
    upstreams: upstreams.origins,
    descriptors: descriptorLimit(),
    async [Symbol.asyncDispose]() {
      await upstreams.stop();
      await rm(folder, { recursive: true });
    },
  };
}
