import type { ListenOptions } from './front.ts';
import { onEveryAddress } from './onEveryAddress.ts';

/**
 * Makes sure that a port is nobody's, and gives its number, before several listeners of ours share it: with
 * `reusePort` alone, any other process of this user could have it as well.
 *
 * @throws what the system says when it is taken, with its `code`
 */
export function exclusivePort({ port, hostname }: Pick<ListenOptions, 'port' | 'hostname'>): number {
  const listen = (address: string) =>
    Bun.listen({
      port,
      hostname: address,
      reusePort: false,
      socket: { data() {} },
    } as Bun.TCPSocketListenOptions);
  const listener = hostname === undefined ? onEveryAddress(listen) : listen(hostname);
  const found = listener.port;
  listener.stop(true);
  return found;
}
