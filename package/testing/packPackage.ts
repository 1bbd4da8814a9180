import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The package as it would be published. */
export interface PackedPackage extends AsyncDisposable {
  /** The tarball's path. */
  readonly tarball: string;
}

/** Builds and packs the package (`bun pm pack`, whose `prepack` builds it) into a folder of its own. */
export async function packPackage(): Promise<PackedPackage> {
  const folder = await mkdtemp(join(tmpdir(), 'signway-pack-'));
  const root = join(import.meta.dir, '..', '..');
  const packing = Bun.spawn([process.execPath, 'pm', 'pack', '--destination', folder], {
    cwd: root,
    stdout: 'pipe',
    stderr: 'pipe',
  });
  const said = await Promise.all([new Response(packing.stdout).text(), new Response(packing.stderr).text()]);
  if ((await packing.exited) !== 0) throw new Error(said.join(''));
  const [name] = (await readdir(folder)).filter((each) => each.endsWith('.tgz'));
  return {
    tarball: join(folder, name!),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
}
