import { freePort } from '../machine/startProcess.ts';
import { startNginxWith } from './nginxProcess.ts';
import { INJECTED, type Surroundings, type System } from './system.ts';

/** What all others are compared with. */
export function nginx({ folder, upstreams, certificates }: Surroundings): System {
  return {
    name: 'nginx',
    about: 'upstream connections kept alive, TLS verified, no buffering, no access log; adds a header',
    missing: () => null,
    async start({ workers, tls }) {
      const port = freePort();
      const pools = Object.entries(upstreams).map(
        ([name, origin]) => `upstream ${name} { server 127.0.0.1:${new URL(origin).port}; keepalive 1024; }`,
      );
      const locations = Object.entries(upstreams).map(
        ([name, origin]) => `location /${name}/ {
          proxy_pass ${new URL(origin).protocol}//${name}/;
          proxy_http_version 1.1; proxy_set_header Connection '';
          proxy_set_header ${INJECTED.name} '${INJECTED.value}';
          proxy_buffering off; proxy_request_buffering off; proxy_read_timeout 1h;
          proxy_ssl_verify on; proxy_ssl_trusted_certificate ${certificates.ca};
          proxy_ssl_server_name on; proxy_ssl_name localhost;
        }`,
      );
      const listen = tls
        ? `listen 127.0.0.1:${port} ssl http2 backlog=8192; http2_max_concurrent_streams 1000;
           ssl_certificate ${certificates.certificate}; ssl_certificate_key ${certificates.key};`
        : `listen 127.0.0.1:${port} backlog=8192;`;
      const running = await startNginxWith(
        `${pools.join('\n')}
         server { ${listen} location /refused { return 403; } ${locations.join('\n')} }`,
        { port, folder, workers },
      );
      const origin = `${tls ? 'https' : 'http'}://127.0.0.1:${port}`;
      return {
        ...running,
        url: (upstream, path) => `${origin}/${upstream}${path}`,
        refused: { url: `${origin}/refused`, status: 403 },
      };
    },
  };
}
