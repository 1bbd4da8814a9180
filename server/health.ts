/** Answers `/healthz` (alive) and `/readyz` (taking requests); null for every other path. */
export function healthResponse(path: string, { stopping }: { stopping: boolean }): Response | null {
  if (path === '/healthz') return new Response('alive\n', { headers: HEADERS });
  if (path !== '/readyz') return null;
  return stopping
    ? new Response('shutting down\n', { status: 503, headers: HEADERS })
    : new Response('ready\n', { headers: HEADERS });
}

const HEADERS = { 'Content-Type': 'text/plain;charset=utf-8', 'Cache-Control': 'no-store' };
