import { exclusivePort } from '../exclusivePort.ts';
import type { Front } from '../front.ts';
import { type BunFrontOptions, listenBun, type Tls } from './bunFront.ts';

export interface TlsFront extends Front {
  /**
   * Takes another certificate for the connections that come from now on; those that are there keep theirs until
   * their requests have ended.
   *
   * @throws what OpenSSL says of a certificate or key that cannot be used; then the old one stays
   */
  renew(tls: Tls): void;
}

/**
 * Listens for TLS by `Bun.serve`, with HTTP/2 and HTTP/1.1.
 *
 * `Bun.serve` cannot be given another certificate (its `reload` leaves TLS as it was, Bun 1.4.5), so a second
 * listener takes the port over, and the first ends as its requests do. What is in the queue of the first at that
 * moment, accepted by the system and not yet by it, is reset: clients try such a connection again.
 */
export function listenTls(options: BunFrontOptions & { readonly tls: Tls }): TlsFront {
  const { reusePort, hostname } = options;
  const port = reusePort ? options.port : exclusivePort({ port: options.port, hostname });
  let current = listenBun({ ...options, port, reusePort: true });
  const leaving = new Set<Front>();
  const all = () => [current, ...leaving];

  return {
    url: current.url,
    port: current.port,
    renew(tls) {
      const next = listenBun({ ...options, tls, port: current.port, reusePort: true });
      const last = current;
      current = next;
      leaving.add(last);
      void last.drain().then(() => leaving.delete(last));
    },
    drain: async () => void (await Promise.all(all().map((front) => front.drain()))),
    destroy: async () => void (await Promise.all(all().map((front) => front.destroy()))),
  };
}
