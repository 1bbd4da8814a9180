import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { Browser } from 'playwright';
import { type KeyForm, keyFormsIn } from './keySearch.ts';
import { launchBrowser } from './launchBrowser.ts';
import { recordTraffic } from './recordTraffic.ts';

const KEY = 'sk-demo-0b5a2c1e-7f64-4d0b-9d3e-5a1f8c2b7e90';

function everyCharacter(text: string, encode: (code: number) => string): string {
  return [...text].map((character) => encode(character.charCodeAt(0))).join('');
}

const percent = (code: number) => `%${code.toString(16).padStart(2, '0')}`;

describe('the search for the key finds it', () => {
  test.each<[string, string, KeyForm]>([
    ['as it is', `Bearer ${KEY}`, 'raw'],
    ['in JSON', JSON.stringify({ headers: { 'x-copy': KEY } }), 'raw'],
    ['percent-encoded in its marks', KEY.replaceAll('-', '%2d'), 'percent-encoded'],
    ['percent-encoded throughout', everyCharacter(KEY, percent), 'percent-encoded'],
    ['percent-encoded in capitals', everyCharacter(KEY, percent).toUpperCase(), 'percent-encoded'],
    ['percent-encoded twice', everyCharacter(KEY, percent).replaceAll('%', '%25'), 'percent-encoded'],
    ['in hex', `id=${Buffer.from(KEY).toString('hex')}`, 'hex'],
    ['in hex of capitals', Buffer.from(`Bearer ${KEY}`).toString('hex').toUpperCase(), 'hex'],
  ])('%s', (_, text, form) => expect(keyFormsIn(text, KEY)).toEqual([form]));

  describe.each(['', 'a', 'ab', 'abc', 'Bearer ', '{"key":"'])('in base64 after %j', (before) => {
    test.each(['', 'z', 'zz', '\r\n', '"}'])('and ahead of %j', (after) => {
      const bytes = Buffer.from(before + KEY + after);
      for (const text of [
        bytes.toString('base64'),
        bytes.toString('base64url'),
        encodeURIComponent(bytes.toString('base64')),
        bytes.toString('base64').replace(/.{20}/g, '$&\r\n'),
        JSON.stringify(bytes.toString('base64').replace(/.{20}/g, '$&\n')),
      ]) {
        expect([text, keyFormsIn(text, KEY)]).toEqual([text, ['base64']]);
      }
    });
  });
});

test('the search finds no key in what holds none: another key, the masked one, the words around it', () => {
  const other = 'sk-demo-11111111-2222-3333-4444-555555555555';
  const text = [other, Buffer.from(`Bearer ${other}`).toString('base64'), `Bearer sk-…${KEY.slice(-4)}`].join(
    '\n',
  );
  expect(keyFormsIn(text, KEY)).toEqual([]);
});

describe('what the browser received is recorded', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser(process.env.SIGNWAY_CHROMIUM);
  }, 60_000);
  afterAll(() => browser?.close());

  test.each<keyof Leaks>([
    'document',
    'header',
    'script',
    'stream',
    'preflight',
    'refusal',
    'redirect',
    'cookie',
  ])(
    'to the key in a %s',
    async (place) => {
      using server = startLeaking({ [place]: KEY });
      const page = await browser.newPage();
      const traffic = await recordTraffic(page);
      await page.goto(server.url);
      await page.getByText('all has arrived').waitFor();
      expect(keyFormsIn(await traffic.text(), KEY)).toEqual(['raw']);
      await page.close();
    },
    60_000,
  );

  test('and holds no key where none was sent', async () => {
    using server = startLeaking({});
    const page = await browser.newPage();
    const traffic = await recordTraffic(page);
    await page.goto(server.url);
    await page.getByText('all has arrived').waitFor();
    const text = await traffic.text();
    expect(keyFormsIn(text, KEY)).toEqual([]);
    for (const expected of ['data: first', 'data: last', 'text/javascript', 'access-control-allow-headers']) {
      expect([expected, text.toLowerCase().includes(expected)]).toEqual([expected, true]);
    }
    await page.close();
  }, 60_000);
});

/** Where the server puts a key, each in its turn. */
interface Leaks {
  document?: string;
  header?: string;
  script?: string;
  stream?: string;
  preflight?: string;
  refusal?: string;
  redirect?: string;
  cookie?: string;
}

/** A page that loads a script and calls another origin with a preflight, a stream, a refusal and a redirect. */
function startLeaking(leaks: Leaks) {
  const api = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch(request) {
      const { pathname } = new URL(request.url);
      const cors = { 'access-control-allow-origin': '*' };
      if (request.method === 'OPTIONS') {
        const headers = {
          ...cors,
          'access-control-allow-headers': 'x-own',
          'x-leak': leaks.preflight ?? 'none',
        };
        return new Response(null, { status: 204, headers });
      }
      if (pathname === '/refusal') {
        return new Response(`refused ${leaks.refusal ?? ''}`, { status: 403, headers: cors });
      }
      if (pathname === '/redirect') {
        const location = `/refusal?${leaks.redirect ?? ''}`;
        return new Response(null, { status: 307, headers: { ...cors, location } });
      }
      return new Response(
        inPieces(['data: first\n\n', `data: ${leaks.stream ?? ''}\n\n`, 'data: last\n\n']),
        {
          headers: { ...cors, 'content-type': 'text/event-stream', 'x-leak': leaks.header ?? 'none' },
        },
      );
    },
  });
  const page = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch(request) {
      if (new URL(request.url).pathname === '/script.js') {
        const script = `${readerScript(api.url.origin)}// ${leaks.script ?? ''}`;
        return new Response(script, { headers: { 'content-type': 'text/javascript' } });
      }
      const html = `<!doctype html><p id="out">${leaks.document ?? ''}</p><script src="/script.js"></script>`;
      const cookie = `a=${leaks.cookie ?? 'none'}; HttpOnly`;
      return new Response(html, { headers: { 'content-type': 'text/html', 'set-cookie': cookie } });
    },
  });
  return {
    url: page.url.href,
    [Symbol.dispose]() {
      page.stop(true);
      api.stop(true);
    },
  };
}

/** Reads a stream piece by piece, as the demo's page does, and replaces what it showed. */
function readerScript(api: string): string {
  return `(async () => {
    const answer = await fetch('${api}/stream', { method: 'POST', headers: { 'x-own': '1' }, body: 'q' });
    const reader = answer.body.getReader();
    while (!(await reader.read()).done);
    await (await fetch('${api}/refusal')).text();
    await (await fetch('${api}/redirect')).text();
    document.querySelector('#out').textContent = 'all has arrived';
  })();`;
}

/** A key of the second piece is cut in two on the wire. */
function inPieces(events: string[]): ReadableStream<Uint8Array> {
  const bytes = new TextEncoder().encode(events.join(''));
  let at = 0;
  return new ReadableStream({
    async pull(controller) {
      const end = Math.min(at + 20, bytes.length);
      controller.enqueue(bytes.slice(at, end));
      at = end;
      if (at === bytes.length) controller.close();
      // A turn of the loop for each piece, so that each is written for itself.
      else await Bun.sleep(1);
    },
  });
}
