import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort, startProcess } from '../machine/startProcess.ts';
import { INJECTED, type Surroundings, type System } from './system.ts';

export function caddy({ folder, upstreams, certificates }: Surroundings): System {
  return {
    name: 'caddy',
    about:
      'one processor a worker (GOMAXPROCS), 1,024 idle upstream connections, TLS verified; adds a header',
    missing: ({ tls }) => (tls ? 'is measured without TLS to the client' : null),
    async start({ workers }) {
      const port = freePort();
      const config = join(folder, `Caddyfile-${port}`);
      const handlers = Object.entries(upstreams).map(([name, origin]) => {
        const secure = origin.startsWith('https') ? `tls_trusted_ca_certs ${certificates.ca}` : '';
        return `  handle_path /${name}/* {
    reverse_proxy ${origin} {
      header_up ${INJECTED.name} "${INJECTED.value}"
      flush_interval -1
      transport http {
        keepalive_idle_conns 1024
        keepalive_idle_conns_per_host 1024
        ${secure}
      }
    }
  }`;
      });
      await writeFile(
        config,
        `{
  admin off
  auto_https off
  log default {
    output discard
  }
}
http://127.0.0.1:${port} {
  bind 127.0.0.1
  respond /refused 403
${handlers.join('\n')}
}
`,
      );
      const running = await startProcess(['caddy', 'run', '--adapter', 'caddyfile', '--config', config], {
        port,
        folder,
        env: { GOMAXPROCS: String(workers), HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
      });
      return {
        ...running,
        url: (upstream, path) => `http://127.0.0.1:${port}/${upstream}${path}`,
        refused: { url: `http://127.0.0.1:${port}/refused`, status: 403 },
      };
    },
  };
}
