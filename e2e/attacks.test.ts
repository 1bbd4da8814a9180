import { afterAll, beforeAll, expect, test } from 'bun:test';
import type { Browser } from 'playwright';
import { openDemoPage } from './demoPage.ts';
import { keyFormsIn } from './keySearch.ts';
import { launchBrowser } from './launchBrowser.ts';
import { recordTraffic } from './recordTraffic.ts';
import { startDemo, type TestedDemo } from './startDemo.ts';

let demo: TestedDemo;
let browser: Browser;

beforeAll(async () => {
  [demo, browser] = await Promise.all([startDemo(process.env), launchBrowser(process.env.SIGNWAY_CHROMIUM)]);
}, 60_000);
afterAll(async () => {
  await browser?.close();
  await demo?.stop();
}, 20_000);

const REFUSED = [
  { button: 'Send another body', name: 'body', code: 'signature_mismatch' },
  { button: 'Send it elsewhere', name: 'upstream', code: 'signature_mismatch' },
  { button: 'Use an old URL', name: 'expired', code: 'expired' },
  { button: 'Leave out a header', name: 'header', code: 'missing_signed_header' },
];

for (const { button, name, code } of REFUSED) {
  test(`“${button}” is refused with ${code} and never reaches the upstream`, async () => {
    await using tab = await openDemoPage(browser, demo);
    const before = demo.log.received();
    const refusal = tab.page.waitForResponse((response) => response.url().startsWith(demo.gateway));
    await tab.page.getByRole('button', { name: button }).click();
    const card = tab.page.locator(`[data-tampering="${name}"]`);
    await card.getByText('The upstream received nothing.').waitFor();
    expect(await card.locator('.code').textContent()).toBe(code);
    expect(await card.locator('.status').textContent()).toBe('400');
    const { detail } = await (await refusal).json();
    expect(await card.locator('.detail').textContent()).toBe(detail);
    expect(detail.length).toBeGreaterThan(10);
    expect(await tab.page.locator('#journey').getAttribute('data-state')).toBe('refused');
    expect(demo.log.received()).toBe(before);
    expect(tab.errors).toEqual([expect.stringContaining('status of 400')]);
  });
}

test('the key reaches the browser in no response, header, script, request or text, and stands in no log', async () => {
  await using tab = await openDemoPage(browser, demo);
  const traffic = await recordTraffic(tab.page);
  await tab.page.reload();
  await tab.page.getByText('a stand-in for the chat API').waitFor();
  const { record } = await tab.ask();
  await tab.state('done');
  for (const { button, name } of REFUSED) {
    await tab.page.getByRole('button', { name: button }).click();
    await tab.page.locator(`[data-tampering="${name}"] .proof`).waitFor();
  }
  const received = `${await traffic.text()}\n${await tab.page.content()}`;
  // What must have been seen, or the search has searched nothing.
  for (const expected of [
    'chat.completion.chunk',
    'data: [DONE]',
    'signature_mismatch',
    `sk-…${demo.key.slice(-4)}`,
    '<!doctype html>',
    'X-Sw-Request-Id',
    'Access-Control-Allow-Methods',
    'text/javascript',
    'text/css',
  ]) {
    const found = received.includes(expected) || received.includes(Buffer.from(expected).toString('latin1'));
    expect([expected, found]).toEqual([expected, true]);
  }
  const log = await demo.said(/Listening on.*"ending":"complete".*(?:"ending":"refused".*){4}/s);
  expect({ received: keyFormsIn(received, demo.key), log: keyFormsIn(log, demo.key) }).toEqual({
    received: [],
    log: [],
  });
  expect(record.state).toBe('finished');
}, 60_000);

test('the backend signs for no other page, and answers to no other name', async () => {
  const sign = (headers: Record<string, string>) =>
    fetch(`${demo.page}/api/sign`, { method: 'POST', headers, body: JSON.stringify({ question: 'Mine?' }) });
  expect((await sign({ origin: 'https://evil.example' })).status).toBe(403);
  expect((await sign({})).status).toBe(403);
  expect((await sign({ origin: demo.page, host: 'rebound.example' })).status).toBe(421);
  expect((await sign({ origin: demo.page })).status).toBe(200);
});

test('the backend serves nothing from outside the built page', async () => {
  for (const path of [
    '/..%2fbackend.ts',
    '/%2e%2e/backend.ts',
    '/assets/..%2f..%2fstart.ts',
    '//etc/passwd',
  ]) {
    expect((await fetch(demo.page + path)).status).toBe(404);
  }
});
