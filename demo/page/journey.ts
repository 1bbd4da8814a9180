import { isRefusal, type Problem } from '../sendSigned.ts';
import { part } from './element.ts';

/** Where the request is on its way. */
export type JourneyState =
  | 'idle'
  | 'signing'
  | 'sending'
  | 'streaming'
  | 'done'
  | 'stopped'
  | 'refused'
  | 'failed';

/** A stop at which a request can fail. */
export type Stop = 'backend' | 'signway' | 'upstream';

/** Shows on the line of stops how far the request has come, and says it in a line that is read out. */
export function showJourney(state: JourneyState, says: string, at?: Stop): void {
  const { dataset } = part('journey');
  dataset.state = state;
  if (at === undefined) delete dataset.at;
  else dataset.at = at;
  part('status').textContent = says;
}

/**
 * Shows that the request has ended without its answer.
 *
 * @param problem undefined when the page itself failed
 * @param sent whether the request had left for Signway
 */
export function showProblem(problem: Problem | undefined, sent: boolean): void {
  const says = problem?.title ?? 'Something failed.';
  if (problem !== undefined && isRefusal(problem)) showJourney('refused', says);
  else showJourney('failed', says, sent ? failedAt(problem) : 'backend');
}

/** Signway names the upstream's failures with codes of their own; an answer that broke off came from there too. */
function failedAt({ by, code }: Pick<Problem, 'by' | 'code'> = { by: 'network', code: '' }): Stop {
  return by === 'upstream' || code.startsWith('upstream_') || code === 'broken_off' ? 'upstream' : 'signway';
}
