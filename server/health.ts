import { type ClientAnswer, fieldLines } from './clientAnswer.ts';

/** Answers `/healthz` (alive) and `/readyz` (taking requests); null for every other path. */
export function healthAnswer(path: string, { stopping }: { stopping: boolean }): ClientAnswer | null {
  if (path === '/healthz') return answer(200, 'alive\n');
  if (path !== '/readyz') return null;
  return stopping ? answer(503, 'shutting down\n') : answer(200, 'ready\n');
}

function answer(status: number, text: string): ClientAnswer {
  return { status, statusText: '', passed: null, headers: [], fixed: FIELDS, body: Buffer.from(text) };
}

const FIELDS = fieldLines([
  ['Content-Type', 'text/plain;charset=utf-8'],
  ['Cache-Control', 'no-store'],
]);
