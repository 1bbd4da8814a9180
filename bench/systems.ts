import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { signUrl } from '../signing/index.ts';
import { type Running, start } from './processes.ts';

/** A way to the upstreams: straight, or by a gateway. */
export interface System {
  readonly name: string;
  start(): Promise<Running | null>;
  /** The URL to call for a path of an upstream. */
  url(upstream: keyof typeof UPSTREAM_PORTS, path: string): string;
}

export const UPSTREAM_PORTS = { small: 18081, tls: 18443, events: 18090 } as const;

const NGINX_PORT = 18100;
const APP = { id: 'bench', secret: 'a secret for the bench, of some length' };
const ROOT = join(import.meta.dir, '..');

/** What a small JSON answer of an API looks like. */
export const SMALL_BODY = JSON.stringify({
  id: 'chatcmpl-1',
  object: 'chat.completion',
  choices: [{ index: 0 }],
});

/** The systems, in the order in which they are printed; the first gateway is what the others are measured by. */
export function systems(folder: string): System[] {
  const signway = (name: string, port: number, flags: string[] = []): System => ({
    name,
    start: () =>
      start(
        [
          ...[
            process.execPath,
            join(ROOT, 'cli/main.ts'),
            'serve',
            '--port',
            String(port),
            '--host',
            '127.0.0.1',
          ],
          ...['--allow-network', '127.0.0.0/8', '--resolve', `localhost:${UPSTREAM_PORTS.tls}:127.0.0.1`],
          ...['--upstream-ca', join(folder, 'ca.pem'), ...flags],
        ],
        {
          port,
          env: { SW_ID: APP.id, SW_SECRET: APP.secret, SW_HEADERS: 'Authorization: Bearer sk-bench-key' },
        },
      ),
    url: (upstream, path) =>
      signUrl({
        ...APP,
        host: `http://127.0.0.1:${port}`,
        proxyUrl: upstreamOrigin(upstream) + path,
        expiry: 86_400,
        method: 'GET',
      }),
  });
  return [
    { name: 'direct', start: async () => null, url: (upstream, path) => upstreamOrigin(upstream) + path },
    {
      name: 'nginx',
      start: () => startNginx(join(folder, 'nginx'), nginxProxy(folder), NGINX_PORT),
      url: (upstream, path) => `http://127.0.0.1:${NGINX_PORT}/${upstream}${path}`,
    },
    signway('signway', 18200),
    signway('signway, fetch', 18201, ['--transport', 'fetch']),
  ];
}

/** Starts the upstreams: nginx, plain and TLS, with a small answer; and the event streams. */
export async function startUpstreams(folder: string, { rate }: { rate: number }): Promise<Running[]> {
  await makeCertificates(folder);
  return [
    await startNginx(join(folder, 'upstream'), nginxUpstream(folder), UPSTREAM_PORTS.small),
    await start(
      [process.execPath, join(ROOT, 'bench/eventUpstream.ts'), String(UPSTREAM_PORTS.events), String(rate)],
      {
        port: UPSTREAM_PORTS.events,
      },
    ),
  ];
}

function upstreamOrigin(upstream: keyof typeof UPSTREAM_PORTS): string {
  const port = UPSTREAM_PORTS[upstream];
  return upstream === 'tls' ? `https://localhost:${port}` : `http://127.0.0.1:${port}`;
}

async function startNginx(folder: string, http: string, port: number): Promise<Running> {
  await mkdir(folder, { recursive: true });
  const config = `
    daemon off; worker_processes 1; pid ${folder}/nginx.pid; error_log /dev/null;
    worker_rlimit_nofile 65536;
    events { worker_connections 20000; }
    http { access_log off; keepalive_requests 100000000; ${http} }`;
  await writeFile(join(folder, 'nginx.conf'), config);
  return start(['nginx', '-p', folder, '-c', join(folder, 'nginx.conf')], { port });
}

function nginxUpstream(folder: string): string {
  const location = `location / { default_type application/json; return 200 '${SMALL_BODY}'; }`;
  return `
    server { listen 127.0.0.1:${UPSTREAM_PORTS.small} backlog=8192; ${location} }
    server {
      listen 127.0.0.1:${UPSTREAM_PORTS.tls} ssl backlog=8192;
      ssl_certificate ${folder}/leaf.pem; ssl_certificate_key ${folder}/leaf.key; ${location}
    }`;
}

/** nginx as it is set up for this: kept-alive upstream connections, verified TLS, no buffering, a header added. */
function nginxProxy(folder: string): string {
  const upstreams = Object.entries(UPSTREAM_PORTS).map(
    ([name, port]) => `upstream ${name} { server 127.0.0.1:${port}; keepalive 1024; }`,
  );
  const locations = Object.keys(UPSTREAM_PORTS).map(
    (name) => `location /${name}/ {
      proxy_pass ${name === 'tls' ? 'https' : 'http'}://${name}/;
      proxy_http_version 1.1; proxy_set_header Connection ''; proxy_set_header Authorization 'Bearer sk-bench-key';
      proxy_buffering off; proxy_read_timeout 1h;
      proxy_ssl_verify on; proxy_ssl_trusted_certificate ${folder}/ca.pem;
      proxy_ssl_server_name on; proxy_ssl_name localhost;
    }`,
  );
  return `${upstreams.join('\n')} server { listen 127.0.0.1:${NGINX_PORT} backlog=8192; ${locations.join('\n')} }`;
}

async function makeCertificates(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'leaf.ext'), 'subjectAltName=DNS:localhost');
  const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const commands = [
    ['req', '-x509', ...ec, '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '30', '-subj', '/CN=Bench CA'],
    ['req', ...ec, '-keyout', 'leaf.key', '-out', 'leaf.csr', '-subj', '/CN=localhost'],
    ['x509', '-req', '-in', 'leaf.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial'],
  ];
  commands[2]!.push('-out', 'leaf.pem', '-days', '30', '-extfile', 'leaf.ext');
  for (const command of commands) {
    const openssl = Bun.spawn(['openssl', ...command], { cwd: folder, stdout: 'ignore', stderr: 'ignore' });
    if ((await openssl.exited) !== 0) throw new Error(`openssl ${command[0]} failed`);
  }
}
