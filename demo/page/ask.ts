import { AskError, sendSigned } from '../sendSigned.ts';
import { fetchReceived, fetchSigned } from './backendCalls.ts';
import type { BothEnds } from './bothEnds.ts';
import { part } from './element.ts';
import { showJourney, showProblem } from './journey.ts';
import type { Ticket } from './ticket.ts';
import type { TimeAxis } from './timeAxis.ts';

export interface AskViews {
  ticket: Ticket;
  axis: TimeAxis;
  ends: BothEnds;
  /** Whether the upstream shows what it received. */
  standIn: boolean;
  signal: AbortSignal;
  /** False once another question has taken over the views. */
  isCurrent(): boolean;
}

/**
 * Asks one question: has it signed, sends it through Signway and shows everything as it happens. Returns when
 * the answer is complete or was stopped.
 *
 * @throws {AskError} when it was refused or broke off.
 */
export async function ask(question: string, views: AskViews): Promise<void> {
  const { ticket, axis, ends, standIn, signal, isCurrent } = views;
  const id = crypto.randomUUID();
  const answer = part('answer');
  const caret = document.createElement('i');
  answer.replaceChildren(caret);
  answer.setAttribute('aria-busy', 'true');
  axis.start();
  let arrived = 0;
  let sent = false;
  try {
    showJourney('signing', 'Your backend signs the request…');
    const signed = await fetchSigned(question, { signal });
    axis.mark('signed');
    ticket.show(signed.url);
    ends.showSent(signed, id);
    ends.showNothingReceived('On its way…');
    sent = true;
    showJourney('sending', 'Sent to Signway. Waiting for the first token…');
    const { tokens } = await sendSigned(signed, { id, signal });
    const seen = standIn ? showReceived(id, views) : ends.showNothingReceived(REAL_API);
    for await (const token of tokens) {
      axis.tick();
      arrived += 1;
      caret.before(token);
      if (arrived === 1) showJourney('streaming', 'Streaming, token by token.');
    }
    await seen;
    axis.stop('Complete.');
    showJourney('done', `Complete: ${arrived} events. The key never came near this page.`);
  } catch (error) {
    if (signal.aborted) {
      if (!isCurrent()) return;
      axis.stop('Stopped by you.');
      showJourney('stopped', `Stopped after ${arrived} event${arrived === 1 ? '' : 's'}.`);
      return;
    }
    axis.stop('Ended with an error.');
    showProblem(error instanceof AskError ? error.problem : undefined, sent);
    throw error;
  } finally {
    caret.remove();
    if (isCurrent()) answer.setAttribute('aria-busy', 'false');
    if (sent && standIn) await showReceived(id, { ends, isCurrent, until: 'ended' });
  }
}

const REAL_API =
  'The real API does not show what it received. Signway added the Authorization header to what this browser sent.';

/** What the upstream saw is shown beside the answer: not to learn it is no failure of the answer's. */
async function showReceived(id: string, { ends, isCurrent, until }: Receiving): Promise<void> {
  const record = await fetchReceived(id, until).catch(() => undefined);
  if (!isCurrent()) return;
  if (record === undefined) ends.showNothingReceived('The backend does not tell what the upstream received.');
  else if (record === null) ends.showNothingReceived('The upstream received nothing.');
  else ends.showReceived(record);
}

interface Receiving extends Pick<AskViews, 'ends' | 'isCurrent'> {
  until?: 'ended';
}
