import { SUGGESTED_QUESTIONS } from './answerFor.ts';
import { AskError, readProblem, sendSigned } from './sendSigned.ts';
import type { SignedRequest } from './signQuestion.ts';

export interface TerminalOptions {
  /** Where the demo's backend signs. */
  page: string;
  write(text: string): void;
  signal: AbortSignal;
}

/**
 * Asks one question as the page does, through the same code, and writes the answer as it arrives.
 *
 * @throws {AskError} when it is refused or breaks off.
 */
export async function askInTerminal({ page, write, signal }: TerminalOptions): Promise<void> {
  const question = SUGGESTED_QUESTIONS[0];
  write(`  One signed question, streamed through Signway:\n\n  > ${question}\n\n  `);
  const started = performance.now();
  const response = await fetch(`${page}/api/sign`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: page },
    body: JSON.stringify({ question }),
    signal,
  });
  if (!response.ok) throw new AskError(await readProblem(response, 'backend'));
  const signed = (await response.json()) as SignedRequest;
  const { tokens } = await sendSigned(signed, { id: crypto.randomUUID(), signal });
  const wrap = createWrap(write);
  let events = 0;
  let first = 0;
  for await (const token of tokens) {
    if (events === 0) first = performance.now() - started;
    events += 1;
    wrap(token);
  }
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  write(`\n\n  ${events} events in ${seconds} s, the first after ${Math.round(first)} ms.\n\n`);
}

/** Writes word by word, indented, in lines of 76 columns at most, without waiting for a line to fill. */
function createWrap(write: (text: string) => void): (token: string) => void {
  let column = 0;
  return (token) => {
    for (const part of token.match(/\n|[^\n]+/g) ?? []) {
      if (part === '\n') {
        write('\n  ');
        column = 0;
      } else if (column > 0 && column + part.length > 76) {
        write(`\n  ${part.trimStart()}`);
        column = part.trimStart().length;
      } else {
        write(part);
        column += part.length;
      }
    }
  };
}
