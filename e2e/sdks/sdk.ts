import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What every SDK is given; each spells the names in its own way. */
export interface SigningCase {
  readonly id: string;
  readonly secret: string;
  readonly host: string;
  readonly proxyUrl: string;
  readonly expiry: number;
  readonly method: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** A published SDK, as its README says to install and to call it. */
export interface Sdk {
  readonly name: string;
  /** Commands that install it into the working directory. */
  readonly install: readonly (readonly string[])[];
  /** A program that reads {@link SigningCase}s as a JSON list and writes the list of signed URLs. */
  readonly signer: { readonly file: string; readonly source: string; readonly command: readonly string[] };
  readonly env?: Readonly<Record<string, string>>;
}

export interface InstalledSdk extends AsyncDisposable {
  readonly folder: string;
  sign(cases: readonly SigningCase[]): Promise<string[]>;
}

/** Installs an SDK into a folder of its own; a sentence that says why where that cannot be done here. */
export async function installSdk({ install, signer, env }: Sdk): Promise<InstalledSdk | string> {
  const folder = await mkdtemp(join(tmpdir(), 'signway-sdk-'));
  for (const command of install) {
    const { code, stderr } = await run(command, { folder, env });
    if (code === 0) continue;
    await rm(folder, { recursive: true });
    return `\`${command.join(' ')}\` failed: ${stderr.trim().split('\n')[0]}`;
  }
  await Bun.write(join(folder, signer.file), signer.source);
  return {
    folder,
    async sign(cases) {
      const { code, stdout, stderr } = await run(signer.command, {
        folder,
        env,
        stdin: JSON.stringify(cases),
      });
      if (code !== 0) throw new Error(stderr);
      return JSON.parse(stdout);
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
}

interface RunOptions {
  folder: string;
  env?: Readonly<Record<string, string>> | undefined;
  stdin?: string;
}

async function run(command: readonly string[], { folder, env, stdin = '' }: RunOptions) {
  const program = Bun.which(command[0]!, { cwd: folder });
  if (program === null) return { code: 127, stdout: '', stderr: 'not installed' };
  const child = Bun.spawn([program, ...command.slice(1)], {
    cwd: folder,
    env: { ...process.env, ...env },
    stdin: new Blob([stdin]),
    stdout: 'pipe',
    stderr: 'pipe',
    timeout: INSTALLING_TIMEOUT,
  });
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { stdout, stderr, code };
}

// What a registry that does not answer may take, in milliseconds.
const INSTALLING_TIMEOUT = 120_000;

const PYTHON = `
import json, sys
from signway_sdk import sign_url

def signed(case):
    case['proxy_url'] = case.pop('proxyUrl')
    return sign_url(**case)

print(json.dumps([signed(case) for case in json.load(sys.stdin)]))
`;

const JAVASCRIPT = `
const { signUrl } = require('signway-sdk');
const cases = JSON.parse(require('node:fs').readFileSync(0, 'utf8'));
console.log(JSON.stringify(cases.map(signUrl)));
`;

const RUBY = `
require "json"
require "signway_sdk"

signed = JSON.parse($stdin.read).map do |given|
  SignwaySdk.sign_url(
    proxy_url: given.delete("proxyUrl"),
    **given.transform_keys(&:to_sym)
  )
end
puts JSON.generate(signed)
`;

export const PUBLISHED_SDKS: readonly Sdk[] = [
  {
    name: 'Python',
    install: [
      ['python3', '-m', 'venv', 'venv'],
      ['venv/bin/pip', 'install', '--quiet', 'signway-sdk==0.1.3', 'pytest'],
    ],
    signer: { file: 'signer.py', source: PYTHON, command: ['venv/bin/python', 'signer.py'] },
  },
  {
    name: 'JavaScript',
    install: [['npm', 'install', '--no-audit', '--no-fund', '--prefix', '.', 'signway-sdk']],
    signer: { file: 'signer.cjs', source: JAVASCRIPT, command: ['node', 'signer.cjs'] },
  },
  {
    name: 'Ruby',
    install: [['gem', 'install', '--no-document', '--install-dir', 'gems', 'signway_sdk']],
    signer: { file: 'signer.rb', source: RUBY, command: ['ruby', 'signer.rb'] },
    env: { GEM_PATH: 'gems' },
  },
];
