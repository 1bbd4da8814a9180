import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test';
import type { Browser } from 'playwright';
import { answerFor, SUGGESTED_QUESTIONS } from '../demo/answerFor.ts';
import { type DemoPage, openDemoPage } from './demoPage.ts';
import { keyFormsIn } from './keySearch.ts';
import { launchBrowser } from './launchBrowser.ts';
import { recordTraffic } from './recordTraffic.ts';
import { startDemo, type TestedDemo } from './startDemo.ts';

let demo: TestedDemo;
let browser: Browser;

beforeAll(async () => {
  [demo, browser] = await Promise.all([startDemo(process.env), launchBrowser(process.env.SIGNWAY_CHROMIUM)]);
}, 60_000);
afterEach(() => demo.gate.open());
afterAll(async () => {
  await browser?.close();
  await demo?.stop();
}, 20_000);

const wayOf = ({ page }: DemoPage, name: string) => {
  const row = page.locator(`[data-way="${name}"]`);
  return {
    button: row.getByRole('button'),
    said: row.locator('.said'),
    code: row.locator('pre'),
    tally: (text: string | RegExp) => row.locator('.tally').getByText(text).waitFor({ timeout: 20_000 }),
  };
};

describe.each([
  ['plain-fetch', /^\/\?X-Sw-/],
  ['signway-client', /^\/\?X-Sw-/],
  ['official-client', /^\/s\/[\w-]+\/chat\/completions$/],
])('the demo by %s', (name, target) => {
  test('shows the lines that run, and the same answer', async () => {
    await using tab = await openDemoPage(browser, demo);
    const way = wayOf(tab, name);
    const traffic = await recordTraffic(tab.page);
    const sent = tab.page.waitForRequest(
      (request) => request.url().startsWith(demo.gateway) && request.method() === 'POST',
    );
    await way.button.click();
    const { pathname, search } = new URL((await sent).url());
    expect(pathname + search).toMatch(target);
    await way.tally(/ pieces, the first after \d+ ms\. Complete\.$/);
    expect(await way.said.textContent()).toBe(answerFor(SUGGESTED_QUESTIONS[0]));
    expect(demo.log.latest()?.record).toMatchObject({ path: '/v1/chat/completions', state: 'finished' });
    const shown = (await way.code.textContent()) ?? '';
    expect(shown).toContain('export async function');
    expect(shown).not.toContain('import type');
    expect(await way.code.locator('mark').count()).toBeGreaterThan(0);
    expect(keyFormsIn(await traffic.text(), demo.key)).toEqual([]);
    expect(tab.errors).toEqual([]);
  }, 60_000);

  test('shows each token as it comes, and ends the upstream’s answer at Stop', async () => {
    await using tab = await openDemoPage(browser, demo);
    const way = wayOf(tab, name);
    demo.gate.holdAfter(3);
    await way.button.click();
    await way.said.getByText('Because the key', { exact: true }).waitFor({ timeout: 20_000 });
    const request = demo.log.latest();
    expect(request?.record).toMatchObject({ state: 'running', events: 3 });
    await way.button.click();
    expect((await request?.ended)?.state).toBe('client left');
    await way.tally(/Stopped by you\.$/);
  }, 60_000);
});

test('the demo by plain-fetch sends nothing to anyone when the backend has signed nothing', async () => {
  await using tab = await openDemoPage(browser, demo);
  const way = wayOf(tab, 'plain-fetch');
  await tab.page.route('**/api/sign', (route) => route.fulfill({ status: 403, json: { detail: 'no' } }));
  const posted: string[] = [];
  tab.page.on('request', (request) => request.method() === 'POST' && posted.push(request.url()));
  await way.button.click();
  await way.tally('Failed: Error: not signed: status 403');
  expect(posted).toEqual([`${demo.page}/api/sign`]);
}, 60_000);

test('the endpoints of the demo sign for its own page, and no other call', async () => {
  const ask = (path: string, body: object, origin = demo.page) =>
    fetch(demo.page + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin },
      body: JSON.stringify(body),
    });
  const call = { method: 'POST', url: `${demo.upstream}/v1/chat/completions` };
  expect((await ask('/api/sign-call', call)).status).toBe(200);
  expect((await ask('/api/sign-call', { ...call, url: `${demo.upstream}/v1/files` })).status).toBe(403);
  expect((await ask('/api/sign-call', call, 'https://evil.test')).status).toBe(401);
  expect((await ask('/api/grant', {}, 'https://evil.test')).status).toBe(401);
});

test.each([
  ['another model', { model: 'the-dearest' }],
  ['more tokens', { max_completion_tokens: 401 }],
  ['any number of tokens', { max_completion_tokens: null }],
  ['a number of tokens in words', { max_completion_tokens: '400000' }],
  ['a hundred answers', { n: 100 }],
  ['a list', []],
])('a grant of the demo does not open %s', async (_, changes) => {
  const grant = await fetch(`${demo.page}/api/grant`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: demo.page },
    body: '{}',
  });
  const { url } = (await grant.json()) as { url: string };
  const answer = await fetch(`${url}chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(
      Array.isArray(changes)
        ? changes
        : { model: 'gpt-4o-mini', max_completion_tokens: 400, stream: true, messages: [], ...changes },
    ),
  });
  expect(answer.headers.get('x-sw-error')).toBe('body_not_allowed');
});
