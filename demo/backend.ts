import { resolve, sep } from 'node:path';
import { pageEndpoints } from './pageEndpoints.ts';
import { MAX_QUESTION, type SigningPolicy, signQuestion } from './signQuestion.ts';

/** What the page is told about where it runs. */
export interface DemoSetting {
  gateway: string;
  upstream: string;
  model: string;
  /** Whether the upstream is the stand-in, which shows what it received. */
  standIn: boolean;
}

export interface BackendOptions {
  policy: SigningPolicy;
  /** Folder of the built page. */
  page: string;
  standIn: boolean;
  /** Port on 127.0.0.1; 0, the default, takes a free one. */
  port?: number;
}

export interface Backend {
  /** `http://127.0.0.1:PORT`. */
  origin: string;
  stop(): Promise<void>;
}

/**
 * The demo's own backend: it serves the built page and signs URLs. It holds the app's secret and never the
 * API's key; no answer passes through it.
 *
 * **Security.** It signs for whoever can call it, so it listens on loopback, answers only to its own name
 * (a page elsewhere whose name was rebound to 127.0.0.1 brings another `Host`) and signs only for requests
 * that its own page makes (`Origin`). It fetches from the stand-in alone, by request id. It logs nothing.
 */
export function startBackend({ policy, page, standIn, port = 0 }: BackendOptions): Backend {
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port,
    development: false,
    reusePort: false,
    // A look at a running request waits for the answer's end.
    idleTimeout: 0,
    maxRequestBodySize: 64 * 1024,
    async fetch(request): Promise<Response> {
      const url = new URL(request.url);
      if (url.origin === origin.replace('127.0.0.1', 'localhost') && request.method === 'GET') {
        return Response.redirect(origin + url.pathname, 307);
      }
      if (url.origin !== origin) return problem(421, 'This server does not answer to that name.');
      if (request.method === 'POST' && url.pathname === '/api/sign') return sign(request, { origin, policy });
      const endpoint = endpoints.get(url.pathname);
      if (endpoint !== undefined) return endpoint(request);
      if (request.method !== 'GET' && request.method !== 'HEAD') return problem(405, 'Only GET here.');
      if (url.pathname === '/api/setting') {
        const { gateway, upstream, model } = policy;
        return Response.json({ gateway, upstream, model, standIn } satisfies DemoSetting);
      }
      const inspected = /^\/api\/received\/([\w-]{1,64})$/.exec(url.pathname)?.[1];
      if (inspected !== undefined) return received(request, { id: inspected, policy, standIn });
      return file(url.pathname, { page, gateway: policy.gateway });
    },
    error: () => problem(500, 'The demo backend failed.'),
  });
  const origin: string = `http://127.0.0.1:${server.port}`;
  const endpoints = pageEndpoints(policy, origin);
  return { origin, stop: () => server.stop(true) };
}

async function sign(request: Request, context: { origin: string; policy: SigningPolicy }): Promise<Response> {
  if (request.headers.get('origin') !== context.origin)
    return problem(403, 'Only this page may ask for a signature.');
  const { question, minutesAgo = 0 } = (await request.json().catch(() => null)) ?? {};
  if (typeof question !== 'string' || question.trim() === '' || question.length > MAX_QUESTION) {
    return problem(422, `A question has 1 to ${MAX_QUESTION} characters.`);
  }
  if (minutesAgo !== 0 && minutesAgo !== 10) return problem(422, 'Sign now, or as if ten minutes ago.');
  const date = new Date(Date.now() - minutesAgo * 60_000);
  return Response.json(signQuestion(question.trim(), { policy: context.policy, date }));
}

interface Inspection {
  id: string;
  policy: SigningPolicy;
  standIn: boolean;
}

async function received(request: Request, { id, policy, standIn }: Inspection): Promise<Response> {
  if (!standIn) return problem(404, 'The real API does not show what it received.');
  const until = new URL(request.url).searchParams.get('until') === 'ended' ? '?until=ended' : '';
  const answer = await fetch(`${policy.upstream}/inspect/${id}${until}`, { signal: request.signal });
  if (answer.status === 404) return Response.json(null);
  return new Response(answer.body, {
    status: answer.status,
    headers: { 'content-type': 'application/json' },
  });
}

async function file(path: string, { page, gateway }: { page: string; gateway: string }): Promise<Response> {
  const root = resolve(page);
  const wanted = resolve(root, `.${path === '/' ? '/index.html' : path}`);
  const found = Bun.file(wanted);
  if (!wanted.startsWith(root + sep) || !(await found.exists()))
    return problem(404, 'There is no such file.');
  return new Response(found, {
    headers: {
      'content-security-policy': `default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self' ${gateway}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-cache',
    },
  });
}

function problem(status: number, detail: string): Response {
  const headers = { 'content-type': 'application/problem+json' };
  return new Response(JSON.stringify({ title: 'The demo backend refused', status, detail }), {
    status,
    headers,
  });
}

if (import.meta.main) {
  const { DEMO_SECRET, DEMO_GATEWAY, DEMO_UPSTREAM, DEMO_MODEL, DEMO_STAND_IN, DEMO_PAGE, PORT } =
    process.env;
  const { origin } = startBackend({
    policy: {
      id: 'demo',
      secret: DEMO_SECRET ?? '',
      gateway: DEMO_GATEWAY ?? '',
      upstream: DEMO_UPSTREAM ?? '',
      model: DEMO_MODEL ?? '',
      expiry: 60,
    },
    page: DEMO_PAGE ?? '',
    standIn: DEMO_STAND_IN === '1',
    port: Number(PORT ?? 0),
  });
  process.send?.({ origin });
  // The parent's end ends this process too, however it ended.
  process.on('disconnect', () => process.exit(0));
  process.on('SIGTERM', () => process.exit(0));
  process.on('SIGINT', () => process.exit(0));
}
