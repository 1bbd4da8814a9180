import { Database, type Statement } from 'bun:sqlite';
import { chmodSync, closeSync, openSync } from 'node:fs';
import { admitTo, type Counter, type Ledger, settleIn } from './ledger.ts';
import { STREAM_LEASE, type Store, StoreUnavailable } from './store.ts';

export interface SqliteStoreOptions {
  /** The database file; it is made, readable by this user alone, where it is not there. */
  path: string;
  /** How long a stream counts without being renewed, in milliseconds. Default: {@link STREAM_LEASE}. */
  lease?: number;
  /** Milliseconds since the epoch. Default: `Date.now`. */
  clock?(): number;
  /** How many milliseconds another process may hold the file before that is `store_unavailable`. Default: 1000. */
  busyTimeout?: number;
}

/**
 * Counts in a file, in SQLite's WAL mode: for the processes of one machine, and over restarts.
 *
 * Everything that is asked in one turn of the event loop becomes one transaction. A crash of the process loses
 * nothing; a power cut can lose the last moments (`synchronous = NORMAL`).
 *
 * **Security**: the file holds app ids, nonces and subjects, and no secret.
 *
 * @throws {StoreUnavailable} when the file cannot be opened
 */
export function createSqliteStore({
  path,
  lease = STREAM_LEASE,
  clock = Date.now,
  busyTimeout = 1000,
}: SqliteStoreOptions): Store {
  const database = open(path, busyTimeout);
  const ledger = new SqliteLedger(database, { lease, clock });
  const inTurn = createTurns(database, ledger);
  return {
    name: 'sqlite',
    admit: (admission) => inTurn(() => admitTo(ledger, admission)),
    settle: (settlement) => inTurn(() => settleIn(ledger, settlement)),
    renew: (streams) =>
      inTurn(() => {
        for (const { key, id } of streams) ledger.hold(key, id);
      }),
    revoke: (subject, lifetime) => inTurn(() => ledger.revoke(subject, lifetime)),
    restore: (subject) => inTurn(() => ledger.restore(subject)),
    async revocations(known) {
      try {
        const version = ledger.version();
        return version === known ? null : { version, subjects: ledger.revocations() };
      } catch (error) {
        throw unavailable(error);
      }
    },
    close: () => database.close(),
  };
}

/** Runs what is asked in one turn of the event loop as one transaction. */
function createTurns(database: Database, ledger: SqliteLedger) {
  interface Work {
    run(): unknown;
    resolve(result: unknown): void;
    reject(error: unknown): void;
  }
  let waiting: Work[] = [];
  const runAll = database.transaction((works: readonly Work[]) => {
    ledger.sweep();
    return works.map(({ run }) => run());
  });

  return <Result>(run: () => Result): Promise<Result> => {
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    if (waiting.length === 0) setImmediate(flush);
    waiting.push({ run, resolve: resolve as Work['resolve'], reject });
    return promise;
  };

  function flush(): void {
    const works = waiting;
    waiting = [];
    try {
      // Immediate: what is read must still hold when it is written.
      const results = runAll.immediate(works);
      for (const [index, { resolve }] of works.entries()) resolve(results[index]);
    } catch (error) {
      for (const { reject } of works) reject(unavailable(error));
    }
  }
}

function open(path: string, busyTimeout: number): Database {
  try {
    closeSync(openSync(path, 'a', 0o600));
    chmodSync(path, 0o600);
    const database = new Database(path, { create: true, readwrite: true });
    database.run(`PRAGMA busy_timeout = ${busyTimeout}`);
    whenFree(busyTimeout, () => {
      database.run('PRAGMA journal_mode = WAL');
      database.run('PRAGMA synchronous = NORMAL');
      for (const statement of SCHEMA) database.run(statement);
    });
    return database;
  } catch (error) {
    throw unavailable(error);
  }
}

/** Where processes open a new file together, SQLite at times does not wait for its locks, whatever its timeout says. */
function whenFree(timeout: number, prepare: () => void): void {
  const last = performance.now() + timeout;
  for (;;) {
    try {
      prepare();
      return;
    } catch (error) {
      const code = String((error as { code?: unknown }).code);
      if (!code.startsWith('SQLITE_BUSY') || performance.now() > last) throw error;
      Bun.sleepSync(RETRY_MS);
    }
  }
}

const RETRY_MS = 5;

const SCHEMA = [
  'CREATE TABLE IF NOT EXISTS counters (key TEXT PRIMARY KEY, count INTEGER, ends INTEGER) WITHOUT ROWID',
  'CREATE INDEX IF NOT EXISTS counters_by_end ON counters (ends)',
  'CREATE TABLE IF NOT EXISTS streams (key TEXT, id TEXT, ends INTEGER, PRIMARY KEY (key, id)) WITHOUT ROWID',
  'CREATE TABLE IF NOT EXISTS revocations (subject TEXT PRIMARY KEY, ends INTEGER) WITHOUT ROWID',
  'CREATE TABLE IF NOT EXISTS version (one INTEGER PRIMARY KEY CHECK (one = 1), number INTEGER)',
  'INSERT OR IGNORE INTO version VALUES (1, 0)',
];

class SqliteLedger implements Ledger {
  readonly now: () => number;
  readonly #lease: number;
  readonly #read: Statement<Counter, [string, number]>;
  readonly #write: Statement<unknown, [string, number, number]>;
  readonly #count: Statement<{ held: number }, [string, number]>;
  readonly #hold: Statement<unknown, [string, string, number]>;
  readonly #release: Statement<unknown, [string, string]>;
  readonly #isRevoked: Statement<unknown, [string, number]>;
  readonly #revoke: Statement<unknown, [string, number]>;
  readonly #restore: Statement<unknown, [string]>;
  readonly #revocations: Statement<{ subject: string }, [number]>;
  readonly #version: Statement<{ number: number; live: number }, [number]>;
  readonly #newVersion: Statement<unknown, []>;
  readonly #sweeps: readonly Statement<unknown, [number]>[];
  #sweptAt = 0;

  constructor(database: Database, { lease, clock }: { lease: number; clock: () => number }) {
    this.now = clock;
    this.#lease = lease;
    this.#read = database.prepare('SELECT count, ends FROM counters WHERE key = ? AND ends > ?');
    this.#write = database.prepare('INSERT OR REPLACE INTO counters VALUES (?, ?, ?)');
    this.#count = database.prepare('SELECT count(*) AS held FROM streams WHERE key = ? AND ends > ?');
    this.#hold = database.prepare('INSERT OR REPLACE INTO streams VALUES (?, ?, ?)');
    this.#release = database.prepare('DELETE FROM streams WHERE key = ? AND id = ?');
    this.#isRevoked = database.prepare('SELECT 1 FROM revocations WHERE subject = ? AND ends > ?');
    this.#revoke = database.prepare('INSERT OR REPLACE INTO revocations VALUES (?, ?)');
    this.#restore = database.prepare('DELETE FROM revocations WHERE subject = ?');
    this.#revocations = database.prepare('SELECT subject FROM revocations WHERE ends > ?');
    this.#version = database.prepare(
      'SELECT number, (SELECT count(*) FROM revocations WHERE ends > ?) AS live FROM version',
    );
    this.#newVersion = database.prepare('UPDATE version SET number = number + 1');
    this.#sweeps = [
      database.prepare(
        `DELETE FROM counters WHERE key IN (SELECT key FROM counters WHERE ends <= ? LIMIT ${SWEEP_ROWS})`,
      ),
      database.prepare('DELETE FROM streams WHERE ends <= ?'),
      database.prepare('DELETE FROM revocations WHERE ends <= ?'),
    ];
  }

  counter(key: string): Counter | undefined {
    return this.#read.get(key, this.now()) ?? undefined;
  }

  put(key: string, { count, ends }: Counter): void {
    this.#write.run(key, count, ends);
  }

  revoked(subject: string): boolean {
    return this.#isRevoked.get(subject, this.now()) !== null;
  }

  streams(key: string): number {
    return this.#count.get(key, this.now())!.held;
  }

  hold(key: string, id: string): void {
    this.#hold.run(key, id, this.now() + this.#lease);
  }

  release(key: string, id: string): void {
    this.#release.run(key, id);
  }

  revoke(subject: string, lifetime: number): void {
    this.#revoke.run(subject, this.now() + lifetime);
    this.#newVersion.run();
  }

  restore(subject: string): void {
    this.#restore.run(subject);
    this.#newVersion.run();
  }

  revocations(): string[] {
    return this.#revocations.all(this.now()).map(({ subject }) => subject);
  }

  version(): string {
    const { number, live } = this.#version.get(this.now())!;
    return `${number}:${live}`;
  }

  /** Drops what has lapsed, a bounded number at a time. */
  sweep(): void {
    const now = this.now();
    if (Math.abs(now - this.#sweptAt) < SWEEP_INTERVAL) return;
    this.#sweptAt = now;
    for (const sweep of this.#sweeps) sweep.run(now);
  }
}

const SWEEP_INTERVAL = 1000;
const SWEEP_ROWS = 10_000;

function unavailable(error: unknown): StoreUnavailable {
  const { code } = error as { code?: string };
  return new StoreUnavailable(`sqlite: ${code ?? 'failed'}`);
}
