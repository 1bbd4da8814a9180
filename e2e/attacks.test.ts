import { afterAll, beforeAll, expect, test } from 'bun:test';
import type { Browser, Response } from 'playwright';
import { openDemoPage } from './demoPage.ts';
import { launchBrowser } from './launchBrowser.ts';
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

test('the key reaches the browser in no response, header, script, request or text', async () => {
  await using tab = await openDemoPage(browser, demo);
  const responses: { response: Response; body: Promise<string> }[] = [];
  // The body is asked for at once: the browser forgets it after a navigation.
  tab.page.on('response', (response) => responses.push({ response, body: readBody(response) }));
  await tab.page.reload();
  await tab.page.getByText('a stand-in for the chat API').waitFor();
  const { record } = await tab.ask();
  await tab.state('done');
  for (const { button, name } of REFUSED) {
    await tab.page.getByRole('button', { name: button }).click();
    await tab.page.locator(`[data-tampering="${name}"] .proof`).waitFor();
  }
  const seen = [await tab.page.content()];
  for (const { response, body } of responses) {
    const request = response.request();
    seen.push(response.url(), JSON.stringify(await response.allHeaders()), request.postData() ?? '');
    seen.push(JSON.stringify(await request.allHeaders()), await body);
  }
  const everything = seen.join('\n');
  for (const expected of [
    'chat.completion.chunk',
    'signature_mismatch',
    `sk-…${demo.key.slice(-4)}`,
    '<!doctype html>',
  ]) {
    expect([expected, everything.includes(expected)]).toEqual([expected, true]);
  }
  expect(responses.some(({ response }) => response.url().endsWith('.js'))).toBe(true);
  expect(spellings(demo.key).filter((spelling) => everything.includes(spelling))).toEqual([]);
  expect(record.state).toBe('finished');
});

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

/**
 * The body as the browser got it. A preflight's is never handed out, nor is one that the page reads as a
 * stream: for that one the browser's own request is sent again, byte for byte, while its URL is valid.
 */
async function readBody(response: Response): Promise<string> {
  const request = response.request();
  if (request.method() === 'OPTIONS') return '';
  if (response.headers()['content-type']?.startsWith('text/event-stream') !== true) return response.text();
  const again = await fetch(request.url(), {
    method: request.method(),
    headers: request.headers(),
    body: request.postData(),
  });
  return JSON.stringify([...again.headers]) + (await again.text());
}

function spellings(key: string): string[] {
  const bytes = Buffer.from(key);
  return [
    key,
    encodeURIComponent(key),
    bytes.toString('base64url'),
    bytes.toString('base64'),
    bytes.toString('hex'),
  ];
}
