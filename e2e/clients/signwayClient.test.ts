import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import type { Browser, Page } from 'playwright';
import type * as SignwayClient from '../../client/index.ts';
import { launchBrowser } from '../launchBrowser.ts';
import { event } from './apis/apiServer.ts';
import { PIECES } from './apis/openAiApi.ts';
import { startClients, type TestedClients } from './startClients.ts';

declare const window: {
  signwayClient: typeof SignwayClient;
  /** The backend, as the test has it. */
  sign(request: { method: string; proxyUrl: string; body?: string }): Promise<string>;
  texts: string[];
  /** What became of what the page began. */
  outcome: Promise<unknown>;
  stop(reason?: unknown): void;
};

let world: TestedClients;
let browser: Browser;
let page: Page;
let secondsAgo = 0;
let asked = 0;

beforeAll(async () => {
  [world, browser] = await Promise.all([startClients(), launchBrowser(process.env.SIGNWAY_CHROMIUM)]);
  page = await browser.newPage();
  page.setDefaultTimeout(30_000);
  await page.exposeFunction('sign', (request: { method: string; proxyUrl: string; body?: string }) => {
    asked++;
    return world.sign({ ...request, date: new Date(Date.now() - secondsAgo * 1000) });
  });
  await page.goto(world.page);
  await page.waitForFunction(() => 'signwayClient' in window);
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await world?.[Symbol.asyncDispose]();
});
beforeEach(() => {
  secondsAgo = 0;
  asked = 0;
  world.reset();
});

const chat = () => `${world.apis.openai.origin}/v1/chat/completions`;

/** Begins to read a chat's text in the page. */
const begin = (model = 'gpt-4o-mini') =>
  page.evaluate(
    ([url, name]) => {
      const { createSignwayFetch, streamText } = window.signwayClient;
      const leaving = new AbortController();
      const signwayFetch = createSignwayFetch({
        getSignedUrl: (request) => window.sign({ method: request.method, proxyUrl: request.url }),
      });
      const read = async () => {
        const answer = signwayFetch(url, {
          method: 'POST',
          headers: { 'Content-Type': 'application/json', Authorization: 'Bearer page' },
          body: JSON.stringify({ model: name, messages: [], stream: true }),
          signal: leaving.signal,
        });
        for await (const text of streamText(answer)) window.texts.push(text);
        return 'complete';
      };
      window.texts = [];
      window.stop = (reason) => leaving.abort(reason);
      window.outcome = read().catch((error) => ({ ...error, name: error.name, message: error.message }));
    },
    [chat(), model] as const,
  );
const texts = () => page.evaluate(() => window.texts);
const outcome = () => page.evaluate(() => window.outcome);
const has = (count: number) => page.waitForFunction((n) => window.texts.length >= n, count);

describe('signway/client in Chromium', () => {
  test('shows each piece of text as it is sent', async () => {
    world.apis.openai.holdAfter(3);
    await begin();
    await has(2);
    expect(await texts()).toEqual(PIECES.slice(0, 2));
    world.apis.openai.release();
    expect(await outcome()).toBe('complete');
    expect(await texts()).toEqual([...PIECES]);
    expect(world.exchanges.map(({ ending }) => ending)).toEqual(['complete']);
  }, 60_000);

  test('reads the code, the request’s name and the advice of a refusal, after it has signed once more', async () => {
    secondsAgo = 3600;
    await begin();
    expect(await outcome()).toMatchObject({
      name: 'SignwayError',
      code: 'expired',
      status: 400,
      retryable: false,
      requestId: world.exchanges.at(-1)?.id,
    });
    expect([asked, world.exchanges.map(({ code }) => code)]).toEqual([2, ['expired', 'expired']]);
  }, 60_000);

  test('reads an error of the API’s own', async () => {
    await begin('no-such-model');
    expect(await outcome()).toMatchObject({
      code: 'upstream_error',
      status: 404,
      message: 'The model `no-such-model` does not exist',
    });
  }, 60_000);

  test('tells an answer that broke off from one that ended', async () => {
    const { promise: broken, resolve: breakOff } = Promise.withResolvers<void>();
    const first = event({ choices: [{ delta: { content: 'Hel' } }] });
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(new TextEncoder().encode(first)),
      async pull() {
        await broken;
        throw new Error('the API is gone');
      },
    });
    world.apis.openai.failNext(new Response(body, { headers: { 'Content-Type': 'text/event-stream' } }));
    await begin();
    await has(1);
    breakOff();
    expect(await outcome()).toMatchObject({ name: 'SignwayError', code: 'broken_off', status: 0 });
    expect(await texts()).toEqual(['Hel']);
  }, 60_000);

  test.each([undefined, 'enough'])(
    'an abort in mid-answer with the reason %p ends the API’s answer, and throws what the browser throws',
    async (reason) => {
      world.apis.openai.holdAfter(3);
      await begin();
      await has(2);
      await page.evaluate((why) => window.stop(why && new RangeError(why)), reason);
      expect(await world.apis.openai.calls.at(-1)?.ended).toBe('client left');
      world.apis.openai.release();
      expect(await outcome()).toMatchObject(
        reason ? { name: 'RangeError', message: reason } : { name: 'AbortError' },
      );
    },
    60_000,
  );

  test('leaving the loop ends the API’s answer', async () => {
    world.apis.openai.holdAfter(3);
    const first = await page.evaluate(async (url) => {
      const { createSignwayFetch, streamText } = window.signwayClient;
      const getSignedUrl = ({ method, url: proxyUrl }: { method: string; url: string }) =>
        window.sign({ method, proxyUrl });
      const answer = createSignwayFetch({ getSignedUrl })(url, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ model: 'gpt-4o-mini', messages: [], stream: true }),
      });
      for await (const text of streamText(answer)) return text;
    }, chat());
    expect(first).toBe(PIECES[0]);
    expect(await world.apis.openai.calls.at(-1)?.ended).toBe('client left');
    world.apis.openai.release();
  }, 60_000);

  test('an abort ends the wait for a backend that never answers', async () => {
    const error = await page.evaluate(async () => {
      const { createSignwayFetch } = window.signwayClient;
      const leaving = new AbortController();
      const signwayFetch = createSignwayFetch({ getSignedUrl: () => new Promise(() => {}) });
      const call = signwayFetch('https://api.test/', { signal: leaving.signal });
      leaving.abort();
      return call.then(String, ({ name }) => name);
    });
    expect(error).toBe('AbortError');
  }, 60_000);

  test('a body that is a stream is what Chromium does not send over HTTP/1.1', async () => {
    const error = await page.evaluate(async (url) => {
      const { createSignwayFetch } = window.signwayClient;
      const getSignedUrl = ({ method, url: proxyUrl }: { method: string; url: string }) =>
        window.sign({ method, proxyUrl });
      const body = new Blob(['x']).stream();
      return createSignwayFetch({ getSignedUrl })(url, { method: 'POST', body }).then(
        String,
        ({ name }) => name,
      );
    }, chat());
    expect(error).toBe('TypeError');
    expect(world.exchanges).toEqual([]);
  }, 60_000);

  test('an answer that has not the integrity that a Request asks for is none', async () => {
    const error = await page.evaluate(async (url) => {
      const { createSignwayFetch } = window.signwayClient;
      const getSignedUrl = ({ method, url: proxyUrl }: { method: string; url: string }) =>
        window.sign({ method, proxyUrl });
      const request = new Request(url, { method: 'POST', body: '{}', integrity: 'sha256-AAAA' });
      return createSignwayFetch({ getSignedUrl })(request).then(String, ({ name }) => name);
    }, `${world.apis.openai.origin}/v1/echo`);
    expect(error).toBe('TypeError');
    expect(world.exchanges).toHaveLength(1);
  }, 60_000);

  test.each(['text', 'blob', 'buffer', 'form', 'parameters', 'request', 'nothing'] as const)(
    'sends the bytes that the backend has signed: %s',
    async (kind) => {
      const said = await page.evaluate(
        async ([url, body]) => {
          const form = new FormData();
          form.set('file', new File(['grüße'], 'a.txt', { type: 'text/plain' }));
          const post = (body?: BodyInit): [string, RequestInit] => [
            url,
            { method: 'POST', ...(body && { body }) },
          ];
          const calls = {
            text: post('grüße'),
            blob: post(new Blob(['grüße'], { type: 'text/plain' })),
            buffer: post(new TextEncoder().encode('grüße').buffer),
            form: post(form),
            parameters: post(new URLSearchParams({ a: 'grüße' })),
            request: [new Request(...post('grüße'))],
            nothing: post(),
          } as const;
          const { createSignwayFetch } = window.signwayClient;
          const signwayFetch = createSignwayFetch({
            async getSignedUrl({ method, url: proxyUrl, bytes }) {
              const body = new TextDecoder().decode(await bytes());
              return window.sign({ method, proxyUrl, body });
            },
          });
          const [input, init] = calls[body];
          const answer = await signwayFetch(input, init);
          return answer.headers.get('x-sw-error');
        },
        [`${world.apis.openai.origin}/v1/echo`, kind] as const,
      );
      expect(said).toBeNull();
      const call = world.apis.openai.calls.at(-1);
      const sent = (await call?.body.text()) ?? '';
      if (kind === 'nothing') expect(sent).toBe('');
      else expect(sent).toContain(kind === 'parameters' ? 'gr%C3%BC%C3%9Fe' : 'grüße');
      const boundary = /boundary=(.+)$/.exec(call?.headers.get('content-type') ?? '')?.[1];
      if (kind === 'form') expect(sent).toStartWith(`--${boundary}\r\n`);
    },
    60_000,
  );
});
