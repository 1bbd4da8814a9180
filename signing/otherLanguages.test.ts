import { describe, expect, test } from 'bun:test';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseSignedUrl } from './parseSignedUrl.ts';
import accept from './vectors/accept.json';
import extensions from './vectors/extensions.json';
import refuse from './vectors/refuse.json';
import plain from './vectors/sign.json';

const EXAMPLES = join(import.meta.dirname, '../docs/examples/languages');
const DRIVERS = join(import.meta.dirname, 'testing/languages');

/** The languages of docs/examples/languages; each is tested where its interpreter is at hand. */
const LANGUAGES = [
  { language: 'Python', program: 'python3', extension: 'py' },
  { language: 'Ruby', program: 'ruby', extension: 'rb' },
  { language: 'Go', program: 'go', extension: 'go' },
  { language: 'PHP', program: 'php', extension: 'php' },
] as const;

const signing = [...plain.vectors, ...extensions.vectors];
// A gateway can be told another cap; the examples have the default one.
const accepted = accept.vectors.filter((vector) => !('expiryCap' in vector));

/** Spellings that a date or number parser of one language or another takes for what it is not. */
const MISSPELT = [
  ...[
    '19700101T000000.5Z',
    '1970101T000000Z',
    '19700101t000000z',
    '19700101T000000+0000',
    '19700101T240000Z',
    '19700101T000060Z',
    '19700230T000000Z',
    ' 19700101T000000Z',
    '１9700101T000000Z',
  ].map((date) => misspelt('X-Sw-Date', date, date.slice(0, 8))),
  ...['+600', '0600', '6e2', '600.0', '0x258', ' 600', '600 ', '٦٠٠', ''].map((expires) =>
    misspelt('X-Sw-Expires', expires),
  ),
  ...['host;host', ';host', 'host;', 'Host', 'é', 'host,date'].map((names) =>
    misspelt('X-Sw-SignedHeaders', names),
  ),
  ...['HTTPS://github.com/', 'https:/github.com/', 'https:github.com', '//github.com/', 'https://', ''].map(
    (proxy) => misspelt('X-Sw-Proxy', proxy),
  ),
  ...['True', 'TRUE', '1', ''].map((flag) => misspelt('X-Sw-Body', flag)),
];

function misspelt(name: string, value: string, day = '19700101') {
  const [vector] = accepted as [(typeof accepted)[number]];
  const url = new URL(vector.request.url);
  url.searchParams.set('X-Sw-Credential', `foo/${day}`);
  url.searchParams.set(name, value);
  return { ...vector, request: { ...vector.request, url: url.href } };
}

test('a gateway refuses what is not spelt as the protocol says', () => {
  for (const { request } of MISSPELT) {
    expect(() => parseSignedUrl(new URL(request.url).search.slice(1))).toThrow(
      expect.objectContaining({ code: 'invalid_parameter' }),
    );
  }
});

describe.each(LANGUAGES)('the example in $language', ({ language, program, extension }) => {
  const interpreter = Bun.which(program);
  const skipped = interpreter === null ? ` (skipped: ${program} is not installed)` : '';

  test.skipIf(interpreter === null)(
    `signs every vector and judges every request as the protocol says${skipped}`,
    async () => {
      const said = await run(interpreter!, extension, {
        sign: signing.map(({ input }) => input),
        verify: [...accepted, ...refuse.vectors],
      });
      expect(said.signed).toEqual(signing.map(({ signedUrl }) => signedUrl));
      expect(said.verified.slice(0, accepted.length)).toEqual(accepted.map(({ proxyUrl }) => proxyUrl));
      expect(said.verified.slice(accepted.length)).toEqual(
        refuse.vectors.map(({ code }) => `refused: ${code}`),
      );
    },
    120_000,
  );

  test.skipIf(interpreter === null)(
    `refuses what is not spelt as the protocol says${skipped}`,
    async () => {
      const { verified } = await run(interpreter!, extension, { sign: [], verify: MISSPELT });
      const shown = verified.map((said, index) => [MISSPELT[index]!.request.url, said]);
      expect(shown.filter(([, said]) => said !== 'refused: invalid_parameter')).toEqual([]);
      expect(shown).toHaveLength(MISSPELT.length);
    },
    120_000,
  );

  test('is named in docs/examples', async () => {
    const index = await Bun.file(join(EXAMPLES, '../README.md')).text();
    expect(index).toContain(`[${language}](languages/signway.${extension})`);
  });
});

interface Said {
  signed: string[];
  verified: string[];
}

/** Runs the example beside its driver in a folder of their own. */
async function run(interpreter: string, extension: string, given: object): Promise<Said> {
  const folder = mkdtempSync(join(tmpdir(), 'signway-language-'));
  try {
    const isGo = extension === 'go';
    if (isGo) {
      mkdirSync(join(folder, 'signway'));
      writeFileSync(join(folder, 'go.mod'), 'module example\n\ngo 1.21\n');
    }
    cpSync(
      join(EXAMPLES, `signway.${extension}`),
      join(folder, isGo ? 'signway' : '', `signway.${extension}`),
    );
    cpSync(join(DRIVERS, `driver.${extension}`), join(folder, `driver.${extension}`));
    const child = Bun.spawn([interpreter, ...(isGo ? ['run', '.'] : [`driver.${extension}`])], {
      cwd: folder,
      env: { ...process.env, GOFLAGS: '', GOWORK: 'off', GOTOOLCHAIN: 'local', PYTHONDONTWRITEBYTECODE: '1' },
      stdin: new Blob([JSON.stringify(given)]),
      stdout: 'pipe',
      stderr: 'pipe',
    });
    const [stdout, stderr, code] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
      child.exited,
    ]);
    if (code !== 0) throw new Error(stderr);
    return JSON.parse(stdout);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
