import { admitTo, type Counter, type Ledger, settleIn } from './ledger.ts';
import { type Admission, STREAM_LEASE, type Store, StoreUnavailable } from './store.ts';

export interface MemoryStoreOptions {
  /** How many counters, streams and revocations are held at most; about 150 bytes each. Default: 1,000,000. */
  capacity?: number;
  /** How long a stream counts without being renewed, in milliseconds. Default: {@link STREAM_LEASE}. */
  lease?: number;
  /** Milliseconds since the epoch. Default: `Date.now`. */
  clock?(): number;
}

/**
 * Counts in this process's memory: for one process, until it ends.
 *
 * **Security**: a restart forgets which nonces were used, and a second process counts for itself. When it is
 * full, what has lapsed goes; if nothing has, new counts are refused, never old ones forgotten.
 */
export function createMemoryStore({
  capacity = 1_000_000,
  lease = STREAM_LEASE,
  clock = Date.now,
}: MemoryStoreOptions = {}): Store {
  const ledger = new MemoryLedger({ capacity, lease, clock });
  let changes = 0;
  return {
    name: 'memory',
    admit(admission) {
      ledger.makeRoom(() => ledger.newEntries(admission));
      return admitTo(ledger, admission);
    },
    settle: (settlement) => settleIn(ledger, settlement),
    renew(streams) {
      for (const { key, id } of streams) ledger.hold(key, id);
    },
    revoke(subject, lifetime) {
      ledger.makeRoom(() => 1);
      ledger.revoke(subject, lifetime);
      changes++;
    },
    restore(subject) {
      ledger.restore(subject);
      changes++;
    },
    revocations(known) {
      const subjects = ledger.revocations();
      const version = `${changes}:${subjects.length}`;
      return known === version ? null : { version, subjects };
    },
    close() {},
  };
}

class MemoryLedger implements Ledger {
  readonly now: () => number;
  readonly #capacity: number;
  readonly #lease: number;
  readonly #counters = new Map<string, Counter>();
  readonly #revoked = new Map<string, number>();
  readonly #streams = new Map<string, Map<string, number>>();
  #held = 0;
  /** Walks round the counters and drops what has lapsed, a few at every admission. */
  #hand = this.#counters.entries();
  #sweptAt = 0;

  constructor({ capacity, lease, clock }: Required<MemoryStoreOptions>) {
    this.#capacity = capacity;
    this.#lease = lease;
    this.now = clock;
  }

  /** How many entries an admission would add. */
  newEntries({ windows, streams, budgets, use }: Admission): number {
    const counters = [...windows, ...budgets, ...(use === null ? [] : [use])];
    return streams.length + counters.filter(({ key }) => !this.#counters.has(key)).length;
  }

  counter(key: string): Counter | undefined {
    const counter = this.#counters.get(key);
    return counter !== undefined && counter.ends > this.now() ? counter : undefined;
  }

  put(key: string, counter: Counter): void {
    this.#counters.set(key, counter);
  }

  revoked(subject: string): boolean {
    return (this.#revoked.get(subject) ?? 0) > this.now();
  }

  revoke(subject: string, lifetime: number): void {
    this.#revoked.set(subject, this.now() + lifetime);
  }

  restore(subject: string): void {
    this.#revoked.delete(subject);
  }

  revocations(): string[] {
    return [...this.#revoked.keys()].filter((subject) => this.revoked(subject));
  }

  streams(key: string): number {
    const held = this.#streams.get(key);
    if (held === undefined) return 0;
    const now = this.now();
    // In the order in which they were taken or renewed, so the first that is live ends the search.
    for (const [id, ends] of held) {
      if (ends > now) break;
      this.release(key, id);
    }
    return held.size;
  }

  hold(key: string, id: string): void {
    let held = this.#streams.get(key);
    if (held === undefined) {
      held = new Map();
      this.#streams.set(key, held);
    }
    if (!held.delete(id)) this.#held++;
    held.set(id, this.now() + this.#lease);
  }

  release(key: string, id: string): void {
    const held = this.#streams.get(key);
    if (held?.delete(id) !== true) return;
    this.#held--;
    if (held.size === 0) this.#streams.delete(key);
  }

  /** @throws {StoreUnavailable} when there is no room and nothing has lapsed */
  makeRoom(entries: () => number): void {
    this.#drop(LOOK_AT);
    if (this.#size + MOST_ENTRIES <= this.#capacity || this.#size + entries() <= this.#capacity) return;
    const now = this.now();
    if (now - this.#sweptAt >= SWEEP_INTERVAL || now < this.#sweptAt) {
      this.#sweptAt = now;
      this.#drop(this.#counters.size);
      for (const [subject, ends] of this.#revoked) if (ends <= now) this.#revoked.delete(subject);
      for (const key of this.#streams.keys()) this.streams(key);
    }
    if (this.#size + entries() > this.#capacity) throw new StoreUnavailable('memory: full');
  }

  get #size(): number {
    return this.#counters.size + this.#held + this.#revoked.size;
  }

  #drop(looks: number): void {
    const now = this.now();
    for (let i = 0; i < looks; i++) {
      let next = this.#hand.next();
      if (next.done === true) {
        this.#hand = this.#counters.entries();
        next = this.#hand.next();
        if (next.done === true) return;
      }
      const [key, { ends }] = next.value;
      if (ends <= now) this.#counters.delete(key);
    }
  }
}

const LOOK_AT = 4;

// More than one admission ever adds; nothing has to be counted while there is that much room.
const MOST_ENTRIES = 64;

// A full store looks through everything at most this often, in milliseconds.
const SWEEP_INTERVAL = 1000;
