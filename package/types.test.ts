import { afterAll, beforeAll, expect, test } from 'bun:test';
import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { UserFolder } from './testing/emptyFolder.ts';
import { type InstalledPackage, installPackage } from './testing/installPackage.ts';

const MODULES = join(import.meta.dir, '..', 'node_modules');

let installed: InstalledPackage;
let folder: UserFolder;

beforeAll(async () => {
  installed = await installPackage();
  ({ folder } = installed);
  for (const name of ['typescript', 'bun-types', '@types']) {
    await symlink(join(MODULES, name), join(folder.path, 'node_modules', name));
  }
  await folder.write({ 'signs.mts': SIGNS, 'serves.mts': SERVES });
}, 180_000);
afterAll(() => installed?.[Symbol.asyncDispose]());

const STRICT = { strict: true, noEmit: true, target: 'ES2023', skipLibCheck: false };

test.each([
  ['Node and node16', 'signs.mts', { module: 'node16', types: ['node'] }],
  ['Node and nodenext', 'signs.mts', { module: 'nodenext', types: ['node'] }],
  [
    'a bundler',
    'signs.mts',
    { module: 'preserve', moduleResolution: 'bundler', types: [], lib: ['ES2023', 'DOM'] },
  ],
  ['Bun', 'signs.mts', { module: 'preserve', moduleResolution: 'bundler', types: ['bun-types'] }],
  [
    'Bun, the server',
    'serves.mts',
    { module: 'preserve', moduleResolution: 'bundler', types: ['bun-types'] },
  ],
  ['Bun and node16, the server', 'serves.mts', { module: 'node16', types: ['bun-types'] }],
])(
  'the types hold under %s',
  async (_name, file, options) => {
    await folder.write({
      'tsconfig.json': JSON.stringify({ compilerOptions: { ...STRICT, ...options }, files: [file] }),
    });
    const ran = await folder.run(['bun', 'node_modules/typescript/bin/tsc', '-p', '.']);
    expect(ran.stdout).toBe('');
    expect(ran.code).toBe(0);
  },
  60_000,
);

// An unresolved type would be `any`, and then no error would be expected.
const SIGNS = `
import { signUrl as sign, SigningError } from 'signway';
import { createSignwayFetch } from 'signway/client';
import { signUrl, type SignUrlOptions } from 'signway/sign';

const options: SignUrlOptions = {
  id: 'my-id',
  secret: 'my-secret',
  host: 'https://gw.example.com',
  proxyUrl: 'https://api.openai.com/v1/models',
  expiry: 60,
  method: 'GET',
};
export const url: string = signUrl(options);
export const same: string = sign(options);
// @ts-expect-error
export const noNumber: number = signUrl(options);
// @ts-expect-error
sign({ ...options, expiry: '60' });
export const signwayFetch = createSignwayFetch({ getSignedUrl: async () => url });
// @ts-expect-error
createSignwayFetch({ getSignedUrl: 1 });
export const option = (error: unknown) => (error instanceof SigningError ? error.option : undefined);
`;

const SERVES = `
import { createSignway, type Signway } from 'signway';
import { createHttp1Transport, DEFAULT_LIMITS } from 'signway/server';

const gateway: Signway = createSignway({
  apps: [{ id: 'my-id', secrets: ['my-secret'], upstreams: [{ origin: 'https://api.openai.com', headers: [] }] }],
  limits: { maxBody: DEFAULT_LIMITS.maxBody },
  transport: createHttp1Transport(),
});
// @ts-expect-error
createSignway({ apps: [{ id: 1 }] });
Bun.serve({ port: 0, fetch: (request, server) => gateway.fetch(request, server) });
`;
