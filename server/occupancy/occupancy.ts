import { Refusal } from '../../signing/refusal.ts';
import type { Limits } from '../limits.ts';

export type OccupancyLimits = Pick<Limits, 'maxRequests' | 'maxRequestsPerClient' | 'maxHeldBytes'>;

/** How full the gateway is: the requests that are being answered, and the bytes of bodies held in memory. */
export interface Occupancy {
  readonly requests: number;
  readonly heldBytes: number;
  /** Client addresses that are being counted. */
  readonly clients: number;
  /** Counts a request, until its place is left. `client` says whose it is; null where that is of no interest. */
  enter(client: string | null, limits: OccupancyLimits): Place;
}

/** What one request takes up. */
export interface Place {
  /**
   * @throws {Refusal} `overloaded` when all the gateway's places are taken, `too_many_streams` when the client's are
   */
  check(): void;
  /**
   * Takes note of bytes that are about to be held, until they are released or the place is left.
   *
   * @throws {Refusal} `overloaded` when they would be too many, all requests together
   */
  hold(bytes: number): void;
  release(): void;
  leave(): void;
}

export function createOccupancy(): Occupancy {
  const byClient = new Map<string, number>();
  let requests = 0;
  let heldBytes = 0;

  return {
    get requests() {
      return requests;
    },
    get heldBytes() {
      return heldBytes;
    },
    get clients() {
      return byClient.size;
    },
    enter(client, { maxRequests, maxRequestsPerClient, maxHeldBytes }) {
      requests++;
      if (client !== null) byClient.set(client, (byClient.get(client) ?? 0) + 1);
      let held = 0;
      let isLeft = false;
      const release = () => {
        heldBytes -= held;
        held = 0;
      };
      return {
        check() {
          if (maxRequests > 0 && requests > maxRequests) throw overloaded('requests: too many');
          if (client === null || maxRequestsPerClient === 0) return;
          if (byClient.get(client)! > maxRequestsPerClient) {
            throw new Refusal('too_many_streams', 'too many requests from this address at the same time');
          }
        },
        hold(bytes) {
          if (maxHeldBytes > 0 && heldBytes + bytes > maxHeldBytes)
            throw overloaded('bodies: too many bytes');
          heldBytes += bytes;
          held += bytes;
        },
        release,
        leave() {
          if (isLeft) return;
          isLeft = true;
          release();
          requests--;
          if (client === null) return;
          const left = byClient.get(client)! - 1;
          if (left === 0) byClient.delete(client);
          else byClient.set(client, left);
        },
      };
    },
  };
}

function overloaded(cause: string): Refusal {
  return new Refusal('overloaded', 'the gateway has as much to do as it may', { cause });
}
