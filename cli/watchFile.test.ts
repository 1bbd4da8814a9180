import { expect, test } from 'bun:test';
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TemporaryFolder, temporaryFolder } from './testing/temporaryFolder.ts';
import { watchFile } from './watchFile.ts';

/** Resolves when the file is said to have changed after `change`. */
async function toldOf(path: string, change: () => void): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const end = watchFile(path, resolve);
  change();
  await promise;
  end();
}

test('tells of a file that is written anew', async () => {
  using folder = temporaryFolder();
  const path = folder.write('cert.pem', 'old');
  await toldOf(path, () => writeFileSync(path, 'another'));
});

test('tells of a file that another takes the place of, as editors do it', async () => {
  using folder = temporaryFolder();
  const path = folder.write('cert.pem', 'old');
  await toldOf(path, () => renameSync(folder.write('cert.pem.new', 'new'), path));
});

test('tells of a link that is turned to another file, as certbot does it', async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, 'cert.pem');
  symlinkSync(folder.write('cert1.pem', 'old'), path);
  const next = folder.write('cert2.pem', 'new');
  await toldOf(path, () => {
    rmSync(path);
    symlinkSync(next, path);
  });
});

test('tells of a folder that is exchanged by a link, as Kubernetes does it', async () => {
  using folder = temporaryFolder();
  write(folder, '..1', 'old');
  symlinkSync('..1', join(folder.path, '..data'));
  const path = join(folder.path, 'cert.pem');
  symlinkSync('..data/cert.pem', path);
  write(folder, '..2', 'new');
  await toldOf(path, () => {
    symlinkSync('..2', join(folder.path, '..data_tmp'));
    renameSync(join(folder.path, '..data_tmp'), join(folder.path, '..data'));
  });
});

test('tells of nothing that happens beside it', async () => {
  using folder = temporaryFolder();
  let told = 0;
  const end = watchFile(folder.write('cert.pem', 'old'), () => told++);
  const beside = folder.write('another.pem', 'old');
  // Its watcher is the later one, so the other has had its say by then.
  await toldOf(beside, () => writeFileSync(beside, 'another'));
  end();
  expect(told).toBe(0);
});

function write(folder: TemporaryFolder, name: string, text: string): void {
  mkdirSync(join(folder.path, name));
  writeFileSync(join(folder.path, name, 'cert.pem'), text);
}
