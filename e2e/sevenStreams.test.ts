/** Browsers open six connections to a host over HTTP/1.1, and one over HTTP/2, whatever the number of streams. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import type { Browser, Page } from 'playwright';
import { TLS } from '../server/testing/certificates.ts';
import { startGateway, type TestGateway } from '../server/testing/gateway.ts';
import { startUpstream, type UpstreamConnection } from '../server/testing/scriptedUpstream.ts';
import { launchBrowser } from './launchBrowser.ts';

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n';
const FIRST = `${HEAD}b\r\ndata: one\n\n\r\n`;
const LAST = 'b\r\ndata: two\n\n\r\n0\r\n\r\n';

let browser: Browser;
let site: ReturnType<typeof Bun.serve>;

beforeAll(async () => {
  browser = await launchBrowser(process.env.SIGNWAY_CHROMIUM);
  site = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch: () =>
      new Response('<!doctype html><title>page</title>', { headers: { 'Content-Type': 'text/html' } }),
  });
}, 60_000);
afterAll(async () => {
  await browser?.close();
  await site?.stop(true);
}, 20_000);

test('a seventh event stream waits for one of six to end over HTTP/1.1', async () => {
  await using upstream = await startUpstream(({ send }) => send(FIRST));
  await using gateway = startGateway();
  await using tab = await openPage();
  await startStreams(tab.page, sevenUrls(gateway, upstream.origin));
  const connections: UpstreamConnection[] = [];
  while (connections.length < 6) connections.push(await upstream.next());
  await tab.page.waitForFunction(() => Object.keys(streamsOfPage).length === 6);
  // The page is not stuck: what it asks of another host goes out and comes back.
  expect(await tab.page.evaluate(async () => (await fetch('/')).status)).toBe(200);
  expect(upstream.accepted).toBe(6);
  expect(tab.protocols()).toEqual(['http/1.1']);

  connections[0]!.send(LAST);
  await upstream.next();
  await tab.page.waitForFunction(() => Object.keys(streamsOfPage).length === 7);
}, 60_000);

test('seven event streams flow at once over HTTP/2', async () => {
  await using upstream = await startUpstream(({ send }) => send(FIRST));
  await using gateway = startGateway({ tls: TLS });
  await using tab = await openPage();
  await startStreams(tab.page, sevenUrls(gateway, upstream.origin));
  const connections: UpstreamConnection[] = [];
  while (connections.length < 7) connections.push(await upstream.next());
  await tab.page.waitForFunction(
    () => Object.values(streamsOfPage).filter((text) => /one/.test(text)).length === 7,
  );
  expect(tab.protocols()).toEqual(['h2']);
  for (const connection of connections) connection.send(LAST);
  await tab.page.waitForFunction(
    () => Object.values(streamsOfPage).filter((text) => /two.*END/s.test(text)).length === 7,
  );
}, 60_000);

test('an answer that breaks off is an error to the page over HTTP/2, and what came of it arrives', async () => {
  await using upstream = await startUpstream(({ send }) => send(FIRST));
  await using gateway = startGateway({ tls: TLS });
  await using tab = await openPage();
  await startStreams(tab.page, [gateway.sign(`${upstream.origin}/`)]);
  await tab.page.waitForFunction(() => streamsOfPage[0] === 'data: one\n\n');
  (await upstream.next()).socket.destroy();
  await tab.page.waitForFunction(() => streamsOfPage[0] === 'data: one\n\nERROR TypeError');
}, 60_000);

test('a page that is closed ends its streams at their upstreams over HTTP/2', async () => {
  await using upstream = await startUpstream(({ send }) => send(FIRST));
  await using gateway = startGateway({ tls: TLS });
  await using tab = await openPage();
  await startStreams(tab.page, sevenUrls(gateway, upstream.origin));
  const connections = await Promise.all(Array.from({ length: 7 }, () => upstream.next()));
  await tab.page.close();
  await Promise.all(connections.map((connection) => connection.gone));
}, 60_000);

/** What has arrived of each stream, in the page. */
declare const streamsOfPage: Record<number, string>;

function sevenUrls(gateway: TestGateway, origin: string): string[] {
  return Array.from({ length: 7 }, (_, index) => gateway.sign(`${origin}/${index}`));
}

/** Has the page read them all, and waits for none. */
async function startStreams(page: Page, urls: readonly string[]): Promise<void> {
  await page.evaluate((all) => {
    const texts: Record<number, string> = {};
    Object.assign(globalThis, { streamsOfPage: texts });
    const read = async (url: string, index: number) => {
      const { body } = await fetch(url);
      texts[index] = '';
      try {
        const reader = body!.pipeThrough(new TextDecoderStream()).getReader();
        for (let part = await reader.read(); !part.done; part = await reader.read())
          texts[index] += part.value;
        texts[index] += 'END';
      } catch (error) {
        texts[index] += `ERROR ${(error as Error).name}`;
      }
    };
    for (const [index, url] of all.entries()) void read(url, index);
  }, urls);
}

/** A page of another origin than the gateway's, which takes any certificate. */
async function openPage() {
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  const page = await context.newPage();
  await page.goto(site.url.href);
  const spoken = new Set<string>();
  const devtools = await context.newCDPSession(page);
  await devtools.send('Network.enable');
  devtools.on('Network.responseReceived', ({ response }) => {
    if (response.url.includes('X-Sw-Proxy')) spoken.add(response.protocol ?? '');
  });
  return {
    page,
    protocols: () => [...spoken],
    [Symbol.asyncDispose]: () => context.close(),
  };
}
