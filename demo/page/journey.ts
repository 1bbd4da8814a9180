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

/** Shows on the line of stops how far the request has come, and says it in a line that is read out. */
export function showJourney(state: JourneyState, says: string): void {
  part('journey').dataset.state = state;
  part('status').textContent = says;
}
