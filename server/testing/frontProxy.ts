import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Subprocess, spawn } from 'bun';
import { freePort } from './freePort.ts';

export const PROXIES = ['nginx', 'haproxy'] as const;
export type ProxyName = (typeof PROXIES)[number];

export interface FrontProxy extends AsyncDisposable {
  readonly port: number;
  /** How many requests it has handed on so far, by its own log. */
  handedOn(): Promise<number>;
}

/**
 * Runs a real reverse proxy on loopback, in front of the server at `backend`, to which it keeps connections open and
 * on which it sends the requests of different clients one after the other.
 */
export async function startFrontProxy(
  name: ProxyName,
  { path, backend }: { path: string; backend: number },
): Promise<FrontProxy> {
  const folder = await mkdtemp(join(tmpdir(), `signway-${name}-`));
  const { port, child } = await run(name, { path, folder, backend });
  return {
    port,
    async handedOn() {
      const log = await readFile(join(folder, 'log'), 'latin1');
      return log.split('\n').filter((line) => / handed$/.test(line) && !/ - handed$/.test(line)).length;
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      await child.exited;
      await rm(folder, { recursive: true });
    },
  };
}

interface Running {
  readonly path: string;
  readonly folder: string;
  readonly backend: number;
}

/** A port may be taken by the time it is used: then another is tried. */
async function run(
  name: ProxyName,
  running: Running,
  attempts = 10,
): Promise<{ port: number; child: Subprocess }> {
  const { path, folder, backend } = running;
  const port = freePort();
  const config = join(folder, 'config');
  await writeFile(
    config,
    name === 'nginx' ? nginxConfig(folder, port, backend) : haproxyConfig(port, backend),
  );
  const command = name === 'nginx' ? [path, '-p', folder, '-c', config] : [path, '-db', '-f', config];
  const child = spawn(command, {
    stdin: 'ignore',
    // Its log goes there where it is no file of its own.
    stdout: name === 'haproxy' ? Bun.file(join(folder, 'log')) : 'ignore',
    stderr: 'ignore',
  });
  if (await listens(port, child)) return { port, child };
  if (attempts === 1) throw new Error(`${name} does not start`);
  return await run(name, running, attempts - 1);
}

async function listens(port: number, child: Subprocess): Promise<boolean> {
  while (child.exitCode === null) {
    const socket = await Bun.connect({ hostname: '127.0.0.1', port, socket: { data() {} } }).catch(
      () => null,
    );
    socket?.end();
    if (socket !== null) return true;
    await Bun.sleep(20);
  }
  return false;
}

function nginxConfig(folder: string, port: number, backend: number): string {
  return `
daemon off;
worker_processes 1;
pid ${folder}/pid;
error_log ${folder}/errors;
events { worker_connections 512; }
http {
  log_format handed '$request_method $upstream_status handed';
  access_log ${folder}/log handed;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  large_client_header_buffers 4 32k;
  client_header_timeout 1s;
  client_body_timeout 1s;
  upstream gateway { server 127.0.0.1:${backend}; keepalive 1; }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://gateway;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_request_buffering off;
      proxy_buffering off;
      proxy_next_upstream off;
    }
  }
}
`;
}

function haproxyConfig(port: number, backend: number): string {
  return `
global
  log stdout format raw local0
defaults
  mode http
  log global
  log-format "%HM %[srv_name] handed"
  option http-keep-alive
  http-reuse always
  retries 0
  timeout connect 5s
  timeout client 1s
  timeout server 10s
  timeout http-request 1s
frontend clients
  bind 127.0.0.1:${port}
  default_backend gateway
backend gateway
  server gateway 127.0.0.1:${backend} maxconn 1 pool-max-conn 1
`;
}
