import { REFUSALS, type Refusal, type RefusalCode } from '../signing/refusal.ts';
import { type ClientAnswer, fieldLines } from './clientAnswer.ts';
import { PROTECTION } from './headers/clientHeaders.ts';

/** Turns a refusal into an answer: the one place where that is done (RFC 9457, docs/protocol.md). */
export function problemAnswer(refusal: Refusal, requestId: string): ClientAnswer {
  const { members, headers: further = {} } = refusal.options;
  const headers: [string, string][] = [
    ['X-Sw-Error', refusal.code],
    ['X-Sw-Request-Id', requestId],
    ...Object.entries(further),
  ];
  if (!REFUSALS[refusal.code].retry) headers.push(['x-should-retry', 'false']);
  const body = UTF8.encode(problemDocument(refusal.code, refusal.message, members));
  return { status: refusal.status, statusText: '', passed: null, headers, fixed: FIELDS, body };
}

/** Half of what `Buffer.from` takes for a text of a thousand characters (Bun 1.4.5). */
const UTF8 = new TextEncoder();

const FIELDS = fieldLines([
  ['Content-Type', 'application/problem+json'],
  ['Access-Control-Allow-Origin', '*'],
  ['Access-Control-Expose-Headers', '*'],
  ...PROTECTION,
]);

export function problemDocument(
  code: RefusalCode,
  detail: string,
  members: Readonly<Record<string, string>> = {},
): string {
  const { title, status } = REFUSALS[code];
  return JSON.stringify({ type: `urn:signway:problem:${code}`, title, status, detail, code, ...members });
}
