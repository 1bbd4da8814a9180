import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort, startProcess } from '../machine/startProcess.ts';
import { INJECTED, type Surroundings, type System } from './system.ts';

export function haproxy({ folder, upstreams, certificates, descriptors }: Surroundings): System {
  return {
    name: 'haproxy',
    about: 'one thread a worker, http-reuse always, http-no-delay, TLS verified; adds a header',
    missing: ({ tls }) => (tls ? 'is measured without TLS to the client' : null),
    async start({ workers }) {
      const port = freePort();
      const config = join(folder, `haproxy-${port}.cfg`);
      const backends = Object.entries(upstreams).map(([name, origin]) => {
        const secure = origin.startsWith('https')
          ? ` ssl verify required ca-file ${certificates.ca} sni str(localhost) verifyhost localhost`
          : '';
        return `backend ${name}
  http-reuse always
  http-request set-path "%[path,regsub(^/${name}/,/)]"
  server one 127.0.0.1:${new URL(origin).port} pool-max-conn 1024${secure}`;
      });
      await writeFile(
        config,
        `global
  nbthread ${workers}
  maxconn ${Math.floor((descriptors - 200) / 2)}
defaults
  mode http
  option http-no-delay
  timeout connect 10s
  timeout client 1h
  timeout server 1h
frontend clients
  bind 127.0.0.1:${port} backlog 8192
  http-request deny deny_status 403 if { path /refused }
  http-request set-header ${INJECTED.name} "${INJECTED.value}"
${Object.keys(upstreams)
  .map((name) => `  use_backend ${name} if { path_beg /${name}/ }`)
  .join('\n')}
${backends.join('\n')}
`,
      );
      const running = await startProcess(['haproxy', '-db', '-f', config], { port, folder });
      return {
        ...running,
        url: (upstream, path) => `http://127.0.0.1:${port}/${upstream}${path}`,
        refused: { url: `http://127.0.0.1:${port}/refused`, status: 403 },
      };
    },
  };
}
