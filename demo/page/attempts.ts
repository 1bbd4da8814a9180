import { AskError, isRefusal, type Problem, sendSigned } from '../sendSigned.ts';
import type { SignedRequest } from '../signQuestion.ts';
import { element, part } from './element.ts';
import { TAMPERINGS, type Tampering } from './tampering.ts';

export interface AttemptsOptions {
  /** A signed request for the present question, the signature as old as asked. */
  sign(minutesAgo: 0 | 10): Promise<SignedRequest>;
  /** Whether the upstream received the request with that id; undefined where it does not tell. */
  arrived(id: string): Promise<boolean | undefined>;
  /** Called with each outcome, for the line of stops. */
  onOutcome(says: string, refused: boolean): void;
}

/** A card for each tampering: a button that tries it for real, and the coded refusal it gets. */
export function createAttempts(options: AttemptsOptions): void {
  part('attempts').append(...TAMPERINGS.map((tampering) => card(tampering, options)));
}

function card(tampering: Tampering, options: AttemptsOptions): HTMLElement {
  const button = element('button', tampering.title) as HTMLButtonElement;
  button.type = 'button';
  const result = element('div.result');
  result.setAttribute('role', 'status');
  const made = element(
    'article.attempt',
    button,
    element('p.hope', tampering.hope),
    element('p.change', element('code', tampering.change)),
    result,
  );
  made.dataset.tampering = tampering.name;
  button.addEventListener('click', async () => {
    // Not `disabled`, which would take the keyboard's focus away.
    if (button.getAttribute('aria-disabled') === 'true') return;
    button.setAttribute('aria-disabled', 'true');
    result.replaceChildren(element('p.trying', 'Trying…'));
    result.replaceChildren(...(await attempt(tampering, options)));
    button.removeAttribute('aria-disabled');
  });
  return made;
}

async function attempt(tampering: Tampering, options: AttemptsOptions): Promise<Node[]> {
  const id = crypto.randomUUID();
  try {
    const signed = await options.sign(tampering.minutesAgo);
    const { status, tokens } = await sendSigned(tampering.tamper(signed), { id });
    await tokens.return(undefined);
    options.onOutcome(`${tampering.title}: answered with ${status}. That should not happen.`, false);
    return [element('p.stamp.passed', `${status} Answered`), element('p', 'This should have been refused.')];
  } catch (error) {
    if (!(error instanceof AskError)) throw error;
    const { problem } = error;
    options.onOutcome(`${tampering.title}: ${problem.status ?? ''} ${problem.code}.`, isRefusal(problem));
    return [...verdict(problem), await proof(problem, { id, options })];
  }
}

function verdict(problem: Problem): Node[] {
  const document = element(
    'details',
    element('summary', 'The problem document'),
    element('pre', pretty(problem.document)),
  );
  return [
    element(
      'p.stamp',
      element('span.code', problem.code),
      element('span.status', String(problem.status ?? '—')),
    ),
    element('p.detail', problem.detail),
    ...(problem.document ? [document] : []),
  ];
}

async function proof(
  problem: Problem,
  { id, options }: { id: string; options: AttemptsOptions },
): Promise<Node> {
  const arrived = problem.by === 'signway' ? await options.arrived(id) : undefined;
  if (arrived === undefined && problem.by === 'network') return element('p.proof', 'Nobody answered.');
  if (arrived === undefined)
    return element('p.proof', `Refused by ${problem.by === 'signway' ? 'Signway' : problem.by}.`);
  return element('p.proof', arrived ? 'The upstream did receive it.' : 'The upstream received nothing.');
}

function pretty(json = ''): string {
  try {
    return JSON.stringify(JSON.parse(json), null, 2);
  } catch {
    return json;
  }
}
