import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import type { Browser, Page } from 'playwright';
import packageJson from '../../package.json';
import { keyFormsIn } from '../keySearch.ts';
import { launchBrowser } from '../launchBrowser.ts';
import { type RecordedTraffic, recordTraffic } from '../recordTraffic.ts';
import { PIECES } from './apis/openAiApi.ts';
import type { Api, Asked, ClientName, PageUnderTest, Way } from './page/main.ts';
import { type ApiName, startClients, type TestedClients } from './startClients.ts';

declare const window: { page: PageUnderTest };

let world: TestedClients;
let browser: Browser;

beforeAll(async () => {
  [world, browser] = await Promise.all([startClients(), launchBrowser(process.env.SIGNWAY_CHROMIUM)]);
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await world?.[Symbol.asyncDispose]();
});

interface Subject {
  client: ClientName;
  api: ApiName;
  model: string;
  /** What follows the prefix in the base URL that this client is told. */
  path: string;
  /** The class of what the client throws, for an error of the API's own and for a refusal of the gateway's. */
  errors: { api: string; refusal: string };
  /** By which ways a file can be uploaded; none: the client has no upload. */
  uploads: readonly Way[];
}

const WAYS: readonly Way[] = ['base URL', 'createSignwayFetch', 'createGrantFetch'];

const SUBJECTS: readonly Subject[] = [
  {
    client: 'openAiChat',
    api: 'openai',
    model: 'gpt-4o-mini',
    path: '',
    errors: { api: 'NotFoundError', refusal: 'BadRequestError' },
    uploads: WAYS,
  },
  {
    client: 'openAiResponses',
    api: 'openai',
    model: 'gpt-4o-mini',
    path: '',
    errors: { api: 'NotFoundError', refusal: 'BadRequestError' },
    uploads: [],
  },
  {
    client: 'anthropicMessages',
    api: 'anthropic',
    model: 'claude-haiku-4-5',
    path: '',
    errors: { api: 'NotFoundError', refusal: 'BadRequestError' },
    uploads: WAYS,
  },
  {
    client: 'aiOpenAi',
    api: 'openai',
    model: 'gpt-4o-mini',
    path: '',
    errors: { api: 'APICallError', refusal: 'APICallError' },
    uploads: [],
  },
  {
    client: 'aiAnthropic',
    api: 'anthropic',
    model: 'claude-haiku-4-5',
    path: 'v1',
    errors: { api: 'APICallError', refusal: 'APICallError' },
    uploads: [],
  },
  {
    client: 'googleContent',
    api: 'gemini',
    model: 'gemini-2.5-flash',
    path: '',
    errors: { api: 'ApiError', refusal: 'ApiError' },
    // The upload goes to a URL that the API names, which a base URL alone does not cover.
    uploads: ['createSignwayFetch', 'createGrantFetch'],
  },
];

describe.each(SUBJECTS)('$client in Chromium', ({ client, api: name, model, path, errors, uploads }) => {
  let page: Page;
  let traffic: RecordedTraffic;
  const failures: string[] = [];

  beforeAll(async () => {
    page = await browser.newPage();
    page.setDefaultTimeout(30_000);
    page.on('pageerror', (error) => failures.push(String(error)));
    traffic = await recordTraffic(page);
    await page.goto(world.page);
    await page.waitForFunction(() => 'page' in window);
  }, 60_000);
  afterAll(() => page?.close());
  beforeEach(() => world.reset());

  const server = () => world.apis[name];
  const connect = (way: Way) =>
    page.evaluate(([c, w, a]) => window.page.connect(c, w, a), [client, way, { ...server().api, path }] as [
      ClientName,
      Way,
      Api,
    ]);
  const ask = (about = model) => page.evaluate((m) => window.page.ask(m), about);
  const asked = (): Promise<Asked> => page.evaluate(() => window.page.asked);
  const has = (texts: number) =>
    page.waitForFunction(
      (n) => window.page.asked.texts.length >= n || window.page.asked.state !== 'answering',
      texts,
    );
  const settled = async () => {
    await page.waitForFunction(() => window.page.asked.state !== 'answering');
    return asked();
  };
  /** The events that come before the first piece of text differ; so many pieces have been sent when it is held. */
  const holdAtPiece = (pieces: number) => server().holdAfter(BEFORE_TEXT[client] + pieces);

  test.each(WAYS)(
    'by %s shows each token as it is sent, and ends when the API ends',
    async (way) => {
      await connect(way);
      holdAtPiece(2);
      await ask();
      await has(2);
      expect(await asked()).toEqual({ texts: PIECES.slice(0, 2), state: 'answering' });
      server().release();
      expect(await settled()).toEqual({ texts: [...PIECES], state: 'answered' });
      expect(world.exchanges.map(({ status, ending }) => [status, ending])).toEqual([[200, 'complete']]);
      expect(world.signed).toEqual([
        way === 'createSignwayFetch' ? `/api/sign/${name}` : `/api/grant/${name}`,
      ]);
    },
    60_000,
  );

  test.each(WAYS)(
    'by %s calls a tool',
    async (way) => {
      await connect(way);
      const call = await page.evaluate(() => window.page.callTool());
      expect(call).toEqual({ name: 'weather', input: { city: 'Oslo' } });
    },
    60_000,
  );

  test.each(WAYS)(
    'by %s throws its own error for an error of the API’s',
    async (way) => {
      await connect(way);
      await ask('no-such-model');
      const { state, error } = await settled();
      expect(state).toBe('failed');
      expect(error).toMatchObject({ type: errors.api, status: 404 });
      expect(error?.message).toContain('no-such-model');
      expect(error?.refusal ?? null).toBeNull();
    },
    60_000,
  );

  test.each(WAYS)(
    'by %s tries again when the API says that it is overloaded',
    async (way) => {
      await connect(way);
      const before = server().calls.length;
      server().failNext(
        Response.json(
          { error: { message: 'overloaded' } },
          { status: 503, headers: { 'Retry-After-Ms': '1' } },
        ),
      );
      await ask();
      expect(await settled()).toEqual({ texts: [...PIECES], state: 'answered' });
      expect(server().calls.length - before).toBe(2);
      // Each attempt is signed; a grant is good for both.
      expect(world.signed).toHaveLength(way === 'createSignwayFetch' ? 2 : 1);
    },
    60_000,
  );

  test('throws its own error for a refusal of the gateway’s, and does not try again', async () => {
    await connect('base URL');
    world.pass(601);
    const before = server().calls.length;
    await ask();
    const { state, error } = await settled();
    expect(state).toBe('failed');
    expect(error).toMatchObject({ type: errors.refusal, status: 400 });
    // Google's client hands no headers out, but the whole document as its message.
    if (client === 'googleContent') expect(error?.message).toContain('urn:signway:problem:expired');
    else expect(error?.refusal).toBe('expired');
    expect(world.exchanges.map(({ code }) => code)).toEqual(['expired']);
    expect(server().calls.length).toBe(before);
  }, 60_000);

  test.each<Way>(['createSignwayFetch', 'createGrantFetch'])(
    'by %s throws its own error when what was signed again is refused too, and asks no more',
    async (way) => {
      await connect(way);
      world.lag(3600);
      await ask();
      const { state, error } = await settled();
      expect(state).toBe('failed');
      expect(error).toMatchObject({ type: errors.refusal, status: 400 });
      expect(world.exchanges.map(({ code }) => code)).toEqual(['expired', 'expired']);
      expect(world.signed).toHaveLength(2);
    },
    60_000,
  );

  test('by createGrantFetch renews a grant that has expired once, and never notices', async () => {
    await connect('createGrantFetch');
    await ask();
    expect((await settled()).state).toBe('answered');
    world.pass(601);
    world.reset();
    await ask();
    expect(await settled()).toEqual({ texts: [...PIECES], state: 'answered' });
    expect(world.exchanges.map(({ code, status }) => [code, status])).toEqual([
      ['expired', 400],
      [null, 200],
    ]);
    expect(world.signed).toEqual([`/api/grant/${name}`]);
  }, 60_000);

  test.each(WAYS)(
    'by %s ends the API’s answer when the page stops',
    async (way) => {
      await connect(way);
      holdAtPiece(2);
      await ask();
      await has(2);
      await page.evaluate(() => window.page.stop());
      expect(await server().calls.at(-1)?.ended).toBe('client left');
      server().release();
      const { texts } = await settled();
      expect(texts).toEqual(PIECES.slice(0, 2));
    },
    60_000,
  );

  for (const way of uploads) {
    test(`by ${way} uploads a file`, async () => {
      await connect(way);
      const text = `a file of ${client}, ¿qué tal?`;
      const id = await page.evaluate((t) => window.page.upload(t), text);
      expect(id).toEndWith(Bun.hash(text).toString(36));
    }, 60_000);
  }

  test('has received the key of no API, in no form', async () => {
    const text = await traffic.text();
    for (const { key } of Object.values(world.apis)) expect(keyFormsIn(text, key)).toEqual([]);
    expect(text).toContain('/api/grant/');
    expect(text).toContain(PIECES[3]);
    expect(failures).toEqual([]);
  }, 60_000);
});

/** The events that each API sends ahead of the first piece of text. */
const BEFORE_TEXT: Record<ClientName, number> = {
  openAiChat: 1,
  openAiResponses: 4,
  anthropicMessages: 3,
  aiOpenAi: 4,
  aiAnthropic: 3,
  googleContent: 0,
};

test('an API without its key refuses, so that every answer above came by way of the gateway', async () => {
  for (const { origin, api } of Object.values(world.apis)) {
    const answer = await fetch(`${origin}/${api.name}`, {
      method: 'POST',
      headers: { Authorization: 'Bearer unused' },
    });
    expect([401, 403]).toContain(answer.status);
  }
});

test('docs/clients.md names the versions that were run', async () => {
  const document = await Bun.file(new URL('../../docs/clients.md', import.meta.url)).text();
  const rows = document.split('\n').filter((line) => line.startsWith('| `'));
  const named = rows.flatMap((row) => {
    const [, clients = '', versions = ''] = row.split('|');
    const names = [...clients.matchAll(/`([^`]+)`/g)].map(([, name]) => name!);
    return names.map((name, index) => [name, versions.trim().split(', ')[index]] as const);
  });
  expect(rows).toHaveLength(SUBJECTS.length);
  for (const [name, version] of named) {
    expect([name, version]).toEqual([name, (packageJson.devDependencies as Record<string, string>)[name]]);
  }
});
