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
   * Whether so many bytes could be held now. They are not kept free: whoever announces a body without sending it would
   * keep the others' out.
   *
   * @throws {Refusal} `overloaded` when they would be too many, all requests together
   */
  checkRoom(bytes: number): void;
  /**
   * Takes note of bytes that are held, until they are released or the place is left.
   *
   * @throws {Refusal} `overloaded` when they are too many, all requests together
   */
  hold(bytes: number): void;
  release(): void;
  leave(): void;
}

export function createOccupancy(): Occupancy {
  const counts: Counts = { requests: 0, heldBytes: 0, byClient: new Map() };
  return {
    get requests() {
      return counts.requests;
    },
    get heldBytes() {
      return counts.heldBytes;
    },
    get clients() {
      return counts.byClient.size;
    },
    enter: (client, limits) => new CountedPlace(counts, client, limits),
  };
}

interface Counts {
  requests: number;
  heldBytes: number;
  readonly byClient: Map<string, number>;
}

/** A class, since one is made for every request. */
class CountedPlace implements Place {
  private readonly counts: Counts;
  private readonly client: string | null;
  private readonly limits: OccupancyLimits;
  private held = 0;
  private isLeft = false;

  constructor(counts: Counts, client: string | null, limits: OccupancyLimits) {
    this.counts = counts;
    this.client = client;
    this.limits = limits;
    counts.requests++;
    if (client !== null) counts.byClient.set(client, (counts.byClient.get(client) ?? 0) + 1);
  }

  check(): void {
    const { maxRequests, maxRequestsPerClient } = this.limits;
    if (maxRequests > 0 && this.counts.requests > maxRequests) throw overloaded('requests: too many');
    if (this.client === null || maxRequestsPerClient === 0) return;
    if (this.counts.byClient.get(this.client)! > maxRequestsPerClient) {
      throw new Refusal('too_many_streams', 'too many requests from this address at the same time');
    }
  }

  checkRoom(bytes: number): void {
    const { maxHeldBytes } = this.limits;
    if (maxHeldBytes > 0 && this.counts.heldBytes + bytes > maxHeldBytes) {
      throw overloaded('bodies: too many bytes');
    }
  }

  hold(bytes: number): void {
    this.checkRoom(bytes);
    this.counts.heldBytes += bytes;
    this.held += bytes;
  }

  release(): void {
    this.counts.heldBytes -= this.held;
    this.held = 0;
  }

  leave(): void {
    if (this.isLeft) return;
    this.isLeft = true;
    this.release();
    this.counts.requests--;
    if (this.client === null) return;
    const left = this.counts.byClient.get(this.client)! - 1;
    if (left === 0) this.counts.byClient.delete(this.client);
    else this.counts.byClient.set(this.client, left);
  }
}

function overloaded(cause: string): Refusal {
  return new Refusal('overloaded', 'the gateway has as much to do as it may', { cause });
}
