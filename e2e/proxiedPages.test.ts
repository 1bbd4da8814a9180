import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { Browser, BrowserContext, Page } from 'playwright';
import { startGateway, type TestGateway } from '../server/testing/gateway.ts';
import { launchBrowser } from './launchBrowser.ts';

/** Pages that would do harm if they ran as pages of the gateway, and an API that notes what it is asked. */
interface HostileSite extends Disposable {
  readonly origin: string;
  readonly seen: { path: string; cookie: string | null }[];
}

function startHostileSite(): HostileSite {
  const seen: HostileSite['seen'] = [];
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch(request) {
      const { pathname, origin } = new URL(request.url);
      seen.push({ path: pathname, cookie: request.headers.get('cookie') });
      const run = `new Image().src = '${origin}/ran'; document.cookie = 'stolen=1'; navigator.serviceWorker?.register('/');`;
      const headers = { 'Set-Cookie': 'planted=1; Path=/', 'Access-Control-Allow-Credentials': 'true' };
      const typed = (type: string, text: string) =>
        new Response(text, { headers: { ...headers, 'Content-Type': type } });
      if (pathname === '/page.html')
        return typed('text/html', `<title>before</title><p>text</p><script>${run}</script>`);
      if (pathname === '/image.svg') {
        return typed(
          'image/svg+xml',
          `<svg xmlns="http://www.w3.org/2000/svg"><script>${run}</script></svg>`,
        );
      }
      if (pathname === '/page.xhtml') {
        return typed(
          'application/xhtml+xml',
          `<html xmlns="http://www.w3.org/1999/xhtml"><body><script>${run}</script></body></html>`,
        );
      }
      if (pathname === '/sniffed') return typed('text/plain', `<!doctype html><script>${run}</script>`);
      if (pathname === '/script.js') return typed('text/javascript', run);
      return typed('application/json', '{}');
    },
  });
  return {
    origin: server.url.origin,
    seen,
    [Symbol.dispose]() {
      void server.stop(true);
    },
  };
}

let browser: Browser;
let site: HostileSite;
let gateway: TestGateway;
let context: BrowserContext;
let page: Page;
/** An origin of its own, as the pages of a gateway's users have. */
let app: { url: string; stop(): void };

beforeAll(async () => {
  browser = await launchBrowser(process.env.SIGNWAY_CHROMIUM);
  site = startHostileSite();
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch: () =>
      new Response('<!doctype html><title>app</title>', { headers: { 'Content-Type': 'text/html' } }),
  });
  app = { url: server.url.href, stop: () => void server.stop(true) };
  gateway = startGateway({ cors: { allowOrigins: [server.url.origin] } });
  context = await browser.newContext();
  await context.addCookies([{ name: 'of-the-gateway', value: '1', url: gateway.url.href }]);
  page = await context.newPage();
}, 60_000);
afterAll(async () => {
  await browser.close();
  await gateway[Symbol.asyncDispose]();
  app.stop();
  site[Symbol.dispose]();
}, 20_000);

const ran = () => site.seen.some(({ path }) => path === '/ran');

describe('a proxied', () => {
  test.each(['/page.html', '/page.xhtml', '/image.svg', '/sniffed', '/script.js'])(
    '%s never runs as a page of the gateway',
    async (path) => {
      site.seen.length = 0;
      await page.goto(gateway.sign(site.origin + path), { waitUntil: 'networkidle' });
      expect(site.seen.map((each) => each.path)).toEqual([path]);
      const names = (await context.cookies(gateway.url.href)).map(({ name }) => name);
      expect(names).toEqual(['of-the-gateway']);
    },
    60_000,
  );

  test('page is shown to nobody in a frame', async () => {
    await page.goto(app.url);
    const url = gateway.sign(`${site.origin}/page.html`);
    await page.evaluate(async (src) => {
      const frame = Object.assign(document.createElement('iframe'), { src });
      const loaded = new Promise((resolve) => frame.addEventListener('load', resolve));
      document.body.append(frame);
      await loaded;
    }, url);
    const frame = page.frames().find((each) => each !== page.mainFrame())!;
    expect(await frame.content()).not.toContain('<p>text</p>');
  }, 60_000);

  test('but the site itself runs, so that all of this has shown something', async () => {
    site.seen.length = 0;
    await page.goto(`${site.origin}/page.html`, { waitUntil: 'networkidle' });
    expect(ran()).toBe(true);
  }, 60_000);
});

/** What a page's script gets for a fetch: status, code and text, or that it is not let see it. */
function fetched(frame: Pick<Page, 'evaluate'>, url: string, init: RequestInit = {}): Promise<unknown> {
  return frame.evaluate(
    async ([target, options]) => {
      try {
        const answer = await fetch(target as string, options as RequestInit);
        return [answer.status, answer.headers.get('x-sw-error'), await answer.text()];
      } catch {
        return 'hidden';
      }
    },
    [url, init] as const,
  );
}

describe('a page', () => {
  test('of a listed origin reads answers, and its cookies do not cross', async () => {
    await page.goto(app.url);
    site.seen.length = 0;
    expect(await fetched(page, gateway.sign(`${site.origin}/api`))).toEqual([200, null, '{}']);
    expect(site.seen).toEqual([{ path: '/api', cookie: null }]);
  }, 60_000);

  test('that sends credentials is not let see an answer, nor are they sent on', async () => {
    await page.goto(app.url);
    site.seen.length = 0;
    const url = gateway.sign(`${site.origin}/api`);
    expect(await fetched(page, url, { credentials: 'include' })).toBe('hidden');
    expect(site.seen.every(({ cookie }) => cookie === null)).toBe(true);
  }, 60_000);

  test.each([
    ['an expired URL', { date: '20260101T000000Z' }, 400, 'expired'],
    ['a wrong signature', { secret: 'another' }, 400, 'signature_mismatch'],
    ['an unknown app', { id: 'another' }, 401, 'unknown_app'],
  ])(
    'reads why %s was refused',
    async (_, changes, status, code) => {
      await page.goto(app.url);
      expect(await fetched(page, gateway.sign(`${site.origin}/api`, changes))).toEqual([
        status,
        code,
        expect.stringContaining(`"code":"${code}"`),
      ]);
    },
    60_000,
  );

  test.each(['of another origin', 'of the origin null'])(
    '%s reads that it may not, and reaches nobody',
    async (which) => {
      site.seen.length = 0;
      const url = gateway.sign(`${site.origin}/api`);
      let frame: Pick<Page, 'evaluate'> = page;
      if (which === 'of another origin') await page.goto(`${site.origin}/other`);
      else {
        await page.goto(app.url);
        await page.evaluate(() => {
          const inner = document.createElement('iframe');
          inner.setAttribute('sandbox', 'allow-scripts');
          inner.srcdoc = '<p>sandboxed</p>';
          const loaded = new Promise((resolve) => inner.addEventListener('load', resolve));
          document.body.append(inner);
          return loaded;
        });
        frame = page.frames().find((each) => each !== page.mainFrame())!;
      }
      expect(await fetched(frame, url)).toEqual([403, 'origin_not_allowed', expect.any(String)]);
      expect(site.seen.filter(({ path }) => path === '/api')).toEqual([]);
    },
    60_000,
  );
});
