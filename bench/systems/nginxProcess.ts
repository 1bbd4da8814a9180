import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type RunningProcess, startProcess } from '../machine/startProcess.ts';

/** Runs an nginx of its own with `http` as its http block, without logs; connections are kept alive. */
export async function startNginxWith(
  http: string,
  { port, folder, workers }: { port: number; folder: string; workers: number },
): Promise<RunningProcess> {
  const prefix = join(folder, `nginx-${port}`);
  await mkdir(prefix);
  const config = join(prefix, 'nginx.conf');
  await writeFile(
    config,
    `daemon off; worker_processes ${workers}; worker_rlimit_nofile 65536;
     pid ${prefix}/nginx.pid; error_log ${prefix}/error.log;
     events { worker_connections 25000; }
     http {
       access_log off; keepalive_requests 1000000000; client_max_body_size 0;
       client_body_temp_path ${prefix}/body; proxy_temp_path ${prefix}/proxy;
       fastcgi_temp_path ${prefix}/fastcgi; uwsgi_temp_path ${prefix}/uwsgi; scgi_temp_path ${prefix}/scgi;
       ${http}
     }`,
  );
  return startProcess(['nginx', '-p', prefix, '-e', join(prefix, 'error.log'), '-c', config], {
    port,
    folder,
  });
}
