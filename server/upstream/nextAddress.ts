import { type Deadlines, type Transport, TransportError } from '../transport/transport.ts';
import type { UpstreamNetwork } from './network.ts';

/**
 * A transport that tries an upstream's next checked address when it cannot connect to one: each address once, a few at
 * most, within the time that the whole exchange may take, and only while nothing of the request has been sent. Those who
 * ask next begin with the one that answered, or the first that was not tried.
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
    send: (request, gone) => {
      const started = performance.now();
      return transport.send(request, gone).catch(async (error) => {
        const tried = new Set([request.address]);
        let failure: unknown = error;
        let { address } = request;
        while (isUnconnected(failure) && !gone.aborted) {
          const next = network.nextAddress(request, address);
          const deadlines = left(request.deadlines, performance.now() - started);
          if (next === null || tried.has(next) || tried.size === MOST_TRIED || deadlines === null) break;
          tried.add(next);
          address = next;
          try {
            return await transport.send({ ...request, address, deadlines }, gone);
          } catch (again) {
            failure = again;
          }
        }
        throw failure;
      });
    },
  };
}

/** A name can have thousands of addresses, each of which takes its time to connect. */
const MOST_TRIED = 4;

/** What is left of them after so many milliseconds; null where that is nothing. */
function left(deadlines: Deadlines, elapsed: number): Deadlines | null {
  if (deadlines.total === 0) return deadlines;
  return elapsed < deadlines.total ? { ...deadlines, total: deadlines.total - elapsed } : null;
}

function isUnconnected(error: unknown): boolean {
  if (!(error instanceof TransportError) || error.sent) return false;
  return error.code === 'upstream_unreachable' || error.code === 'upstream_timeout';
}
