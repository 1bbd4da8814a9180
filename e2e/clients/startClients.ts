import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve, sep } from 'node:path';
import { build } from 'vite';
import { createGrantHandler } from '../../backend/createGrantHandler.ts';
import { createSignHandler } from '../../backend/createSignHandler.ts';
import type { SigningEndpoint } from '../../backend/signingEndpoint.ts';
import { createSignway, type ExchangeRecord } from '../../server/index.ts';
import { type SignUrlOptions, signUrl } from '../../signing/index.ts';
import { startAnthropicApi } from './apis/anthropicApi.ts';
import type { ApiServer } from './apis/apiServer.ts';
import { startGeminiApi } from './apis/geminiApi.ts';
import { startOpenAiApi } from './apis/openAiApi.ts';
import type { Api } from './page/main.ts';

export type ApiName = 'openai' | 'anthropic' | 'gemini';

export interface TestedClients extends AsyncDisposable {
  /** Where the page is. */
  readonly page: string;
  readonly apis: Readonly<Record<ApiName, ApiServer & { api: Omit<Api, 'path'>; key: string }>>;
  /** What the gateway has recorded since `reset`, and how often the backend was asked to sign. */
  readonly exchanges: ExchangeRecord[];
  readonly signed: string[];
  /** Forgets both, and sets the backend's clock right. */
  reset(): void;
  /** Signs as the backend could, whatever it is asked. */
  sign(options: Pick<SignUrlOptions, 'method' | 'proxyUrl'> & Partial<SignUrlOptions>): string;
  /** Moves the clock of the gateway and of the backend. */
  pass(seconds: number): void;
  /** How far the backend's clock is behind, until `reset`. */
  lag(seconds: number): void;
}

/**
 * The page with the real clients, bundled by Vite; its backend, which signs; the gateway; and the APIs. The page may
 * connect to its backend and to the gateway, and to nothing else (Content-Security-Policy).
 */
export async function startClients(): Promise<TestedClients> {
  const folder = mkdtempSync(join(tmpdir(), 'signway-clients-'));
  await buildPage(folder);
  const keys = { openai: newKey(), anthropic: newKey(), gemini: newKey() };
  const servers = {
    openai: startOpenAiApi(keys.openai),
    anthropic: startAnthropicApi(keys.anthropic),
    gemini: startGeminiApi(keys.gemini),
  };
  const exchanges: ExchangeRecord[] = [];
  const signed: string[] = [];
  let ahead = 0;
  let behind = 0;
  const clock = () => Date.now() + ahead;
  const app = { id: 'my-app', secret: crypto.randomUUID() };
  const gateway = createSignway({
    apps: [
      {
        id: app.id,
        secrets: [app.secret],
        upstreams: [
          { origin: servers.openai.origin, headers: [['Authorization', `Bearer ${keys.openai}`]] },
          { origin: servers.anthropic.origin, headers: [['x-api-key', keys.anthropic]] },
          { origin: servers.gemini.origin, headers: [['x-goog-api-key', keys.gemini]] },
        ],
      },
    ],
    network: { allowNetworks: ['127.0.0.0/8'] },
    clock,
    onExchange: (record) => void exchanges.push(record),
  }).serve({ port: 0, hostname: '127.0.0.1' });

  const apis: Record<ApiName, Omit<Api, 'path'>> = {
    openai: { name: 'openai', prefix: `${servers.openai.origin}/v1/` },
    // These two clients write the version themselves, `/v1/messages` and `/v1/models/…`.
    anthropic: { name: 'anthropic', prefix: `${servers.anthropic.origin}/` },
    gemini: { name: 'gemini', prefix: `${servers.gemini.origin}/` },
  };
  const signer = {
    ...app,
    host: gateway.url.href,
    authorize: () => 'user:42',
    clock: () => clock() - behind,
  };
  const endpoints = new Map<string, SigningEndpoint>();
  for (const { name, prefix } of Object.values(apis)) {
    endpoints.set(`/api/grant/${name}`, createGrantHandler({ ...signer, prefix, methods: ['POST'] }));
    endpoints.set(
      `/api/sign/${name}`,
      createSignHandler({ ...signer, allow: [{ method: 'POST', url: `${prefix}*` }] }),
    );
  }

  const backend = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    development: false,
    fetch(request) {
      const { pathname } = new URL(request.url);
      const endpoint = endpoints.get(pathname);
      if (endpoint === undefined) return file(folder, { path: pathname, gateway: gateway.url.origin });
      signed.push(pathname);
      return endpoint(request);
    },
  });

  const named = (name: ApiName) => Object.assign(servers[name], { api: apis[name], key: keys[name] });
  return {
    page: backend.url.href,
    apis: { openai: named('openai'), anthropic: named('anthropic'), gemini: named('gemini') },
    exchanges,
    signed,
    reset() {
      exchanges.length = 0;
      signed.length = 0;
      behind = 0;
    },
    sign: (options) =>
      signUrl({ ...app, host: gateway.url.href, expiry: 60, date: new Date(clock()), ...options }),
    pass(seconds) {
      ahead += seconds * 1000;
    },
    lag(seconds) {
      behind = seconds * 1000;
    },
    async [Symbol.asyncDispose]() {
      await gateway.stop({ drain: 0 });
      await backend.stop(true);
      for (const server of Object.values(servers)) await server[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true });
    },
  };
}

function newKey(): string {
  return `sk-test-${crypto.randomUUID()}`;
}

async function buildPage(outDir: string): Promise<void> {
  await build({
    configFile: false,
    root: join(import.meta.dirname, 'page'),
    logLevel: 'error',
    resolve: { alias: { 'signway/client': join(import.meta.dirname, '../../client/index.ts') } },
    build: {
      outDir,
      emptyOutDir: true,
      target: 'es2023',
      modulePreload: { polyfill: false },
      // Classes of errors are told by their names.
      minify: false,
      chunkSizeWarningLimit: 10_000,
    },
  });
}

async function file(folder: string, { path, gateway }: { path: string; gateway: string }): Promise<Response> {
  const root = resolve(folder);
  const wanted = resolve(root, `.${path === '/' ? '/index.html' : path}`);
  const found = Bun.file(wanted);
  if (!wanted.startsWith(root + sep) || !(await found.exists())) return new Response(null, { status: 404 });
  const policy = `default-src 'none'; script-src 'self'; img-src data:; connect-src 'self' ${gateway}`;
  return new Response(found, { headers: { 'Content-Security-Policy': policy } });
}
