import type { Browser, Page } from 'playwright';
import type { LoggedRequest } from '../demo/requestLog.ts';
import type { TestedDemo } from './startDemo.ts';

/** The demo's page, opened in a browser profile of its own. */
export interface DemoPage extends AsyncDisposable {
  page: Page;
  /** Every error that the console or the page reported. */
  errors: string[];
  /** Asks with the keyboard focus in the question, and resolves once the upstream has the request. */
  ask(question?: string): Promise<LoggedRequest>;
  /** Waits until the answer holds that text. */
  answerHas(text: string): Promise<void>;
  /** Waits for a state of the line of stops. */
  state(state: string): Promise<void>;
}

export async function openDemoPage(browser: Browser, demo: TestedDemo): Promise<DemoPage> {
  const context = await browser.newContext();
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  const errors: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') errors.push(message.text());
  });
  page.on('pageerror', (error) => errors.push(String(error)));
  await page.goto(demo.page);
  await page.getByText('a stand-in for the chat API').waitFor();
  return {
    page,
    errors,
    async ask(question) {
      if (question !== undefined) await page.getByLabel('Your question').fill(question);
      const sent = page.waitForResponse(
        (response) => response.url().startsWith(demo.gateway) && response.request().method() === 'POST',
      );
      await page.getByRole('button', { name: 'Ask through Signway' }).click();
      const id = (await sent).request().headers()['x-client-request-id'] ?? '';
      const logged = demo.log.find(id);
      if (logged === undefined) throw new Error('the upstream received no such request');
      return logged;
    },
    async answerHas(text) {
      await page.locator('#answer').getByText(text).waitFor();
    },
    async state(state) {
      await page.locator(`#journey[data-state="${state}"]`).waitFor();
    },
    [Symbol.asyncDispose]: () => context.close(),
  };
}
