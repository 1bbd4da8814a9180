import { type Transport, TransportError } from '../transport/transport.ts';
import type { UpstreamNetwork } from './network.ts';

/**
 * A transport that tries an upstream's next checked address when it cannot connect to one: each address once, and
 * only while nothing of the request has been sent. Those who ask next begin with the one that answered.
 *
 * This is the simpler rule in place of RFC 8305 (Happy Eyeballs): no two connections are raced, so an address that
 * swallows packets costs the first request its whole time to connect.
 *
 * **Security**: only addresses that the rule on addresses has let through are tried; nothing is looked up again.
 */
export function tryingNextAddress(transport: Transport, network: UpstreamNetwork): Transport {
  return {
    name: transport.name,
    connections: transport.connections,
    close: () => transport.close(),
    send: (request, gone) =>
      transport.send(request, gone).catch(async (error) => {
        const tried = new Set([request.address]);
        let failure: unknown = error;
        let { address } = request;
        while (isUnconnected(failure) && !gone.aborted) {
          const next = network.nextAddress(request, address);
          if (next === null || tried.has(next)) break;
          tried.add(next);
          address = next;
          try {
            return await transport.send({ ...request, address }, gone);
          } catch (again) {
            failure = again;
          }
        }
        throw failure;
      }),
  };
}

function isUnconnected(error: unknown): boolean {
  if (!(error instanceof TransportError) || error.sent) return false;
  return error.code === 'upstream_unreachable' || error.code === 'upstream_timeout';
}
