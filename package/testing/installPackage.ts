import { emptyFolder, type UserFolder } from './emptyFolder.ts';
import { packPackage } from './packPackage.ts';

/** The package in the folder of a user who has installed it. */
export interface InstalledPackage extends AsyncDisposable {
  readonly folder: UserFolder;
  readonly tarball: string;
}

/** Packs the package and installs the tarball into an empty folder with `bun add`. */
export async function installPackage(): Promise<InstalledPackage> {
  const [packed, folder] = await Promise.all([packPackage(), emptyFolder()]);
  const { code, stderr } = await folder.run(['bun', 'add', packed.tarball]);
  if (code !== 0) throw new Error(stderr);
  return {
    folder,
    tarball: packed.tarball,
    async [Symbol.asyncDispose]() {
      await folder[Symbol.asyncDispose]();
      await packed[Symbol.asyncDispose]();
    },
  };
}
