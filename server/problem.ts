import { REFUSALS, type Refusal, type RefusalCode } from '../signing/refusal.ts';
import { protectedHeaders } from './headers/clientHeaders.ts';

/** Turns a refusal into a response: the one place where that is done (RFC 9457, docs/protocol.md). */
export function problemResponse(refusal: Refusal, requestId: string): Response {
  const { members, headers: further } = refusal.options;
  const headers = protectedHeaders();
  for (const name in further) headers.set(name, further[name]!);
  headers.set('Content-Type', 'application/problem+json');
  headers.set('Access-Control-Allow-Origin', '*');
  headers.set('Access-Control-Expose-Headers', '*');
  headers.set('X-Sw-Error', refusal.code);
  headers.set('X-Sw-Request-Id', requestId);
  if (!REFUSALS[refusal.code].retry) headers.set('x-should-retry', 'false');
  return new Response(problemDocument(refusal.code, refusal.message, members), {
    status: refusal.status,
    headers,
  });
}

export function problemDocument(
  code: RefusalCode,
  detail: string,
  members: Readonly<Record<string, string>> = {},
): string {
  const { title, status } = REFUSALS[code];
  return JSON.stringify({ type: `urn:signway:problem:${code}`, title, status, detail, code, ...members });
}
