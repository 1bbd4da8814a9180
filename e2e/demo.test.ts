import { afterAll, afterEach, beforeAll, expect, test } from 'bun:test';
import type { Browser, Page } from 'playwright';
import { answerFor, SUGGESTED_QUESTIONS } from '../demo/answerFor.ts';
import { openDemoPage } from './demoPage.ts';
import { launchBrowser } from './launchBrowser.ts';
import { startBrokenDemo, startDemo, type TestedDemo } from './startDemo.ts';

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

test('shows the first token before the upstream has written the second', async () => {
  await using tab = await openDemoPage(browser, demo);
  demo.gate.holdAfter(1);
  const { record, ended } = await tab.ask();
  await tab.answerHas('Because');
  expect(record).toMatchObject({ state: 'running', events: 1 });
  demo.gate.open();
  expect((await ended).state).toBe('finished');
  await tab.state('done');
  expect(await tab.page.locator('#answer').textContent()).toBe(answerFor(SUGGESTED_QUESTIONS[0]));
  expect(tab.errors).toEqual([]);
});

test('takes the signed URL apart, with a countdown, and shows the masked key at the upstream alone', async () => {
  await using tab = await openDemoPage(browser, demo);
  await tab.ask();
  await tab.state('done');
  const parameter = (name: string) => tab.page.locator(`[data-parameter="${name}"] code`).textContent();
  expect(await parameter('Algorithm')).toBe('SW1-HMAC-SHA256');
  expect(await parameter('Proxy')).toBe(`${demo.upstream}/v1/chat/completions`);
  expect(await parameter('SignedHeaders')).toBe('content-length;content-type');
  expect(await parameter('Signature')).toMatch(/^[0-9a-f]{64}$/);
  expect(await tab.page.locator('#validity-text').textContent()).toMatch(/^Valid for (1:00|0:\d\d)$/);
  const masked = `Bearer sk-…${demo.key.slice(-4)}`;
  expect(await tab.page.locator('#received [data-mark="added"]').textContent()).toContain(masked);
  expect(await tab.page.locator('#sent').textContent()).not.toContain('Bearer');
});

test('counts the URL down and says when it has expired', async () => {
  await using tab = await openDemoPage(browser, demo);
  await tab.page.clock.install();
  await tab.page.reload();
  await tab.page.getByText('a stand-in for the chat API').waitFor();
  await tab.ask();
  await tab.page.getByText(/^Valid for/).waitFor();
  await tab.page.clock.runFor(62_000);
  await tab.page.getByText('Expired: opens nothing now').waitFor();
});

test('draws a tick for each event and says when the first one came', async () => {
  await using tab = await openDemoPage(browser, demo);
  const { record } = await tab.ask();
  await tab.state('done');
  const path = await tab.page.locator('#axis path').getAttribute('d');
  expect(path?.match(/M/g)).toHaveLength(record.events);
  expect(await tab.page.locator('#axis-summary').textContent()).toMatch(
    new RegExp(`^${record.events} events: the first after \\d+ ms, .* Complete\\.$`),
  );
  await tab.page.getByText(`Wrote all ${record.events} events of the answer.`).waitFor();
});

test('ends the upstream’s request when Stop is pressed', async () => {
  await using tab = await openDemoPage(browser, demo);
  demo.gate.holdAfter(3);
  const { ended } = await tab.ask();
  await tab.answerHas('Because the key');
  await tab.page.getByRole('button', { name: 'Stop' }).click();
  expect(await ended).toMatchObject({ state: 'client left', events: 3 });
  await tab.state('stopped');
  await tab.page.getByText('Stopped writing after 3 events: the client had left.').waitFor();
  expect(await tab.page.locator('#answer').textContent()).toBe('Because the key');
  expect(tab.errors).toEqual([]);
});

test('leaves nothing running at the upstream when the page is reloaded in mid-stream', async () => {
  await using tab = await openDemoPage(browser, demo);
  demo.gate.holdAfter(3);
  const { ended } = await tab.ask();
  await tab.answerHas('Because the key');
  await tab.page.reload();
  expect(await ended).toMatchObject({ state: 'client left', events: 3 });
  expect(demo.log.running()).toBe(0);
});

test('asking again ends the answer before it', async () => {
  await using tab = await openDemoPage(browser, demo);
  demo.gate.holdAfter(3);
  const first = await tab.ask();
  await tab.answerHas('Because the key');
  const second = await tab.ask('And now?');
  expect((await first.ended).state).toBe('client left');
  demo.gate.open();
  expect((await second.ended).state).toBe('finished');
  await tab.state('done');
  expect(await tab.page.locator('#answer').textContent()).toBe(answerFor('And now?'));
});

test('streams two answers into two tabs at once, each its own', async () => {
  await using left = await openDemoPage(browser, demo);
  await using right = await openDemoPage(browser, demo);
  demo.gate.holdAfter(5);
  await Promise.all([left.ask('Left?'), right.ask('Right?')]);
  await Promise.all([left.answerHas('“Left?”'), right.answerHas('“Right?”')]);
  expect(demo.log.running()).toBe(2);
  demo.gate.open();
  await Promise.all([left.state('done'), right.state('done')]);
  expect(await left.page.locator('#answer').textContent()).toBe(answerFor('Left?'));
  expect(await right.page.locator('#answer').textContent()).toBe(answerFor('Right?'));
});

test('shows an error instead of swallowing it when the backend does not answer', async () => {
  await using tab = await openDemoPage(browser, demo);
  await tab.page.route('**/api/sign', (route) => route.abort());
  await tab.page.getByRole('button', { name: 'Ask through Signway' }).click();
  const alert = tab.page.getByRole('alert');
  await alert.getByText('unreachable').waitFor();
  await tab.state('failed');
  expect(await tab.page.locator('#journey').getAttribute('data-at')).toBe('backend');
  expect(await tab.page.locator('#answer').isVisible()).toBe(false);
});

test('an answer is complete and a refusal refused, though nobody tells what the upstream received', async () => {
  await using tab = await openDemoPage(browser, demo);
  await tab.page.route('**/api/received/**', (route) => route.abort());
  await tab.ask();
  await tab.state('done');
  await tab.page.getByText('The backend does not tell what the upstream received.').waitFor();
  const attempt = tab.page.locator('[data-tampering="body"]');
  await attempt.getByRole('button').click();
  await attempt.getByText('Refused by Signway.').waitFor();
  expect(await tab.page.getByRole('alert').textContent()).toBe('');
}, 30_000);

test('shows an upstream that closes ahead of its answer as failed, not as refused', async () => {
  await using broken = await startBrokenDemo(process.env);
  const page = await browser.newPage();
  page.setDefaultTimeout(10_000);
  await page.goto(broken.page);
  await page.getByRole('button', { name: 'Ask through Signway' }).click();
  await page.getByRole('alert').getByText('upstream_unreachable').waitFor();
  const journey = page.locator('#journey');
  expect([await journey.getAttribute('data-state'), await journey.getAttribute('data-at')]).toEqual([
    'failed',
    'upstream',
  ]);
  // The buttons that cheat are refused all the same: Signway asks no upstream about them.
  await page.getByRole('button', { name: 'Send another body' }).click();
  await page.locator('#journey[data-state="refused"]').waitFor();
  await page.close();
}, 30_000);

test('says what runs on this machine, and what does not when the real API is asked', async () => {
  await using standIn = await openDemoPage(browser, demo);
  const footer = (page: Page) => page.locator('footer').textContent();
  expect(await footer(standIn.page)).toMatch(
    /Everything here runs on this machine: Signway at http:.* stand-in/,
  );
  const page = await browser.newPage();
  page.setDefaultTimeout(10_000);
  await page.route('**/api/setting', (route) =>
    route.fulfill({
      json: {
        gateway: demo.gateway,
        upstream: 'https://api.openai.com',
        model: 'gpt-4o-mini',
        standIn: false,
      },
    }),
  );
  await page.goto(demo.page);
  await page.getByText('the real API at https://api.openai.com').waitFor();
  expect(await footer(page)).toContain(
    'answers come from the real API at https://api.openai.com (gpt-4o-mini)',
  );
  expect(await footer(page)).not.toMatch(/Everything|No account/);
  expect(await page.locator('#upstream-name').textContent()).toBe('api.openai.com');
  await page.close();
}, 30_000);

test('a word that is longer than the page is broken, and the page stays as wide as the phone', async () => {
  await using tab = await openDemoPage(browser, demo);
  await tab.page.setViewportSize({ width: 390, height: 844 });
  await tab.ask('W'.repeat(2000));
  await tab.state('done');
  expect(await tab.page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
}, 30_000);

test('is used by keyboard alone: ask, stop, cheat', async () => {
  await using tab = await openDemoPage(browser, demo);
  const { page } = tab;
  const focused = () => page.evaluate(() => document.activeElement?.textContent ?? '');
  await page.keyboard.press('Tab');
  expect(await focused()).toBe('Skip to the question');
  await page.keyboard.press('Enter');
  await page.locator('#question:focus').waitFor();
  demo.gate.holdAfter(3);
  await page.keyboard.press('Enter');
  await tab.answerHas('Because the key');
  await page.keyboard.press('Escape');
  await tab.state('stopped');
  for (let presses = 0; (await focused()) !== 'Send another body'; presses += 1) {
    if (presses === 20) throw new Error('the tamper buttons cannot be reached by Tab');
    await page.keyboard.press('Tab');
  }
  expect(await page.evaluate(() => document.activeElement?.matches(':focus-visible'))).toBe(true);
  await page.keyboard.press('Enter');
  await page.locator('[data-tampering="body"] .proof').waitFor();
  expect(await focused()).toBe('Send another body');
});
