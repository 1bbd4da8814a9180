import { SUGGESTED_QUESTIONS } from '../answerFor.ts';
import type { DemoSetting } from '../backend.ts';
import { AskError, type Problem } from '../sendSigned.ts';
import { ask } from './ask.ts';
import { createAttempts } from './attempts.ts';
import { fetchReceived, fetchSetting, fetchSigned } from './backendCalls.ts';
import { createBothEnds } from './bothEnds.ts';
import { element, part } from './element.ts';
import { showJourney } from './journey.ts';
import { createTicket } from './ticket.ts';
import { createTimeAxis } from './timeAxis.ts';
import { createWays } from './ways.ts';

const form = part<HTMLFormElement>('ask');
const question = part<HTMLTextAreaElement>('question');
const stop = part<HTMLButtonElement>('stop');
const views = { ticket: createTicket(), axis: createTimeAxis(), ends: createBothEnds() };
const setting = fetchSetting();
let asking: AbortController | undefined;

question.value = SUGGESTED_QUESTIONS[0];
for (const suggestion of SUGGESTED_QUESTIONS) {
  const button = element('button', suggestion) as HTMLButtonElement;
  button.type = 'button';
  button.addEventListener('click', () => {
    question.value = suggestion;
    form.requestSubmit();
  });
  part('suggestions').append(button);
}

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  asking?.abort(new DOMException('Asked again', 'AbortError'));
  const mine = new AbortController();
  asking = mine;
  stop.disabled = false;
  part('error').replaceChildren();
  try {
    const { standIn } = await setting;
    await ask(question.value, {
      ...views,
      standIn,
      signal: mine.signal,
      isCurrent: () => asking === mine,
    });
  } catch (error) {
    if (!mine.signal.aborted) showError(error);
  } finally {
    if (asking === mine) {
      // A button that is disabled while it has the focus would drop it.
      if (document.activeElement === stop) question.focus();
      stop.disabled = true;
    }
  }
});

stop.addEventListener('click', () => asking?.abort(new DOMException('Stopped', 'AbortError')));
document.addEventListener('keydown', (event) => {
  if (event.key === 'Escape') asking?.abort(new DOMException('Stopped', 'AbortError'));
});
question.addEventListener('keydown', (event) => {
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  form.requestSubmit();
});

const asked = () => question.value.trim() || SUGGESTED_QUESTIONS[0];

createAttempts({
  sign: (minutesAgo) => fetchSigned(asked(), { minutesAgo }),
  arrived: async (id) => {
    if (!(await setting).standIn) return undefined;
    return fetchReceived(id).then(
      (record) => record !== null,
      () => undefined,
    );
  },
  onOutcome: (says, refused) => {
    // The line of stops belongs to a running answer as long as there is one.
    if (stop.disabled) showJourney(refused ? 'refused' : 'failed', says, refused ? undefined : 'signway');
  },
});

createWays({ setting, question: asked });

setting.then(showSetting, showError);
window.onunhandledrejection = (event: PromiseRejectionEvent) => showError(event.reason);

function showSetting({ gateway, upstream, standIn, model }: DemoSetting): void {
  part('setting').textContent = standIn
    ? `Everything here runs on this machine: Signway at ${gateway}, a stand-in for the chat API at ${upstream}. No account, no fonts, no scripts from elsewhere.`
    : `Signway at ${gateway} and its backend run on this machine; the answers come from the real API at ${upstream} (${model}), and the tokens are billed to your key. No fonts, no scripts from elsewhere.`;
  part('upstream-name').textContent = standIn ? 'The API (stand-in)' : new URL(upstream).host;
}

function showError(error: unknown): void {
  const problem: Pick<Problem, 'code' | 'detail' | 'status'> =
    error instanceof AskError ? error.problem : { code: 'page_error', detail: String(error) };
  part('error').replaceChildren(
    element(
      'p.stamp',
      element('span.code', problem.code),
      element('span.status', String(problem.status ?? '—')),
    ),
    element('p.detail', problem.detail),
  );
}
