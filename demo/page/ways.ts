import type { DemoSetting } from '../backend.ts';
import { element, part } from './element.ts';
import type { Chat } from './ways/chat.ts';
import officialClientText from './ways/officialClient.ts?raw';
import { plainFetch } from './ways/plainFetch.ts';
import plainFetchText from './ways/plainFetch.ts?raw';
import { signwayClient } from './ways/signwayClient.ts';
import signwayClientText from './ways/signwayClient.ts?raw';

interface Way {
  name: string;
  title: string;
  says: string;
  /** The file that runs, whose text is shown. */
  text: string;
  /** The lines that are there for Signway. */
  ours: RegExp;
  run(chat: Chat): Promise<void>;
}

const WAYS: readonly Way[] = [
  {
    name: 'plain-fetch',
    title: 'Plain fetch',
    says: 'Nothing of ours in the page. The backend signs this very body, so the page could not change it.',
    text: plainFetchText,
    ours: /signed|fetch\(url/,
    run: plainFetch,
  },
  {
    name: 'signway-client',
    title: 'signway/client',
    says: 'A fetch that takes the API’s own URL. It has each call signed, and again when a URL has expired.',
    text: signwayClientText,
    ours: /signway(?:Fetch|\/client)|getSignedUrl/,
    run: signwayClient,
  },
  {
    name: 'official-client',
    title: 'The API’s own client',
    says: 'A grant is a base URL, so the official package works as it is. One option.',
    text: officialClientText,
    ours: /baseURL|getGrant|signway/,
    // As large as the rest of the page many times over: it comes when it is asked for.
    run: async (chat) => (await import('./ways/officialClient.ts')).officialClient(chat),
  },
];

export interface WaysOptions {
  setting: Promise<DemoSetting>;
  question(): string;
}

/** A row for each way to write the call: the lines that do it beside what they bring. */
export function createWays(options: WaysOptions): void {
  part('ways').append(...WAYS.map((way) => row(way, options)));
}

function row(way: Way, { setting, question }: WaysOptions): HTMLElement {
  const button = element('button', 'Run these lines') as HTMLButtonElement;
  button.type = 'button';
  const answer = element('div.said');
  const tally = element('p.tally');
  tally.setAttribute('role', 'status');
  const made = element(
    'article.way',
    element('header', element('h3', way.title), element('p', way.says)),
    code(way),
    element('div.outcome', button, answer, tally),
  );
  made.dataset.way = way.name;
  let running: AbortController | undefined;
  button.addEventListener('click', async () => {
    if (running !== undefined) return running.abort();
    const mine = new AbortController();
    running = mine;
    button.textContent = 'Stop';
    answer.replaceChildren();
    tally.replaceChildren('On its way…');
    const started = performance.now();
    let first = 0;
    let pieces = 0;
    const show = (text: string) => {
      if (text === '') return;
      if (pieces++ === 0) first = performance.now() - started;
      answer.append(text);
    };
    try {
      const { upstream: api, model } = await setting;
      await way.run({ api, ...asked(question(), model), signal: mine.signal, show });
    } catch (error) {
      if (!mine.signal.aborted) return void tally.replaceChildren(`Failed: ${String(error)}`);
    } finally {
      running = undefined;
      button.textContent = 'Run these lines';
    }
    // A client may end the loop at an abort, or throw.
    const end = mine.signal.aborted ? 'Stopped by you.' : 'Complete.';
    tally.replaceChildren(`${pieces} pieces, the first after ${Math.round(first)} ms. ${end}`);
  });
  return made;
}

function asked(question: string, model: string): Pick<Chat, 'question' | 'body'> {
  const messages = [{ role: 'user' as const, content: question }];
  return { question, body: { model, messages, stream: true, max_completion_tokens: 400 } };
}

function code({ text, ours, title }: Way): HTMLElement {
  const lines = text
    .replace(/^import type .*\n/gm, '')
    .trim()
    .split('\n')
    .map((line) => (ours.test(line) ? element('mark', `${line}\n`) : `${line}\n`));
  const shown = element('pre', element('code', ...lines));
  shown.tabIndex = 0;
  shown.setAttribute('role', 'region');
  shown.setAttribute('aria-label', `The code: ${title}`);
  return shown;
}
