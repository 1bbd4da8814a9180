import { RedisClient } from 'bun';
import { ADMIT, RENEW, REVOCATIONS, REVOKE, SETTLE } from './redisScripts.ts';
import {
  type Admission,
  type Rejected,
  type RejectionCode,
  type Settlement,
  STREAM_LEASE,
  type Store,
  StoreUnavailable,
  type Verdict,
} from './store.ts';

export interface RedisStoreOptions {
  /** `redis://`, or `rediss://` for TLS, with user, password and database: `redis://:secret@redis:6379/0`. */
  url: string;
  /** What every key begins with. Default: `signway:`. */
  prefix?: string;
  /** How long a stream counts without being renewed, in milliseconds. Default: {@link STREAM_LEASE}. */
  lease?: number;
  /** How many milliseconds an answer may take before that is `store_unavailable`. Default: 1000. */
  timeout?: number;
}

/**
 * Counts in Redis 6.2 or later, or in Valkey: for gateways on many machines. A request's checks are one script,
 * and so one round trip; scripts that are asked for at the same time share their packets.
 *
 * While there is no connection every call fails at once, and a new one is tried for in the background; a server
 * that does not answer within the timeout loses its connection.
 *
 * **Security**: the server must not evict (`maxmemory-policy noeviction`): a nonce that is forgotten works again.
 * The URL holds a password and goes into no message.
 */
export function createRedisStore(options: RedisStoreOptions): RedisStore {
  const { prefix = 'signway:', lease = STREAM_LEASE, timeout = 1000 } = options;
  const connection = new Connection(options.url, timeout);
  const key = (name: string) => prefix + name;
  const revocations = [key('revocations'), key('revocations:version')];
  return {
    name: 'redis',
    async admit(admission) {
      const { keys, args } = admitArguments(admission, { key, lease, revocations: revocations[0]! });
      return verdict(admission, (await connection.run(SCRIPTS.admit, keys, args)) as number[]);
    },
    async settle(settlement) {
      const { keys, args } = settleArguments(settlement, key);
      await connection.run(SCRIPTS.settle, keys, args);
    },
    async renew(streams) {
      const keys = streams.map((stream) => key(stream.key));
      await connection.run(SCRIPTS.renew, keys, [lease, ...streams.map(({ id }) => id)]);
    },
    async revoke(subject, lifetime) {
      await connection.run(SCRIPTS.revoke, revocations, [subject, Math.ceil(lifetime)]);
    },
    async restore(subject) {
      await connection.run(SCRIPTS.revoke, revocations, [subject, 0]);
    },
    async revocations(known = '') {
      const found = await connection.run(SCRIPTS.revocations, revocations, [known]);
      if (found === null) return null;
      const [version, subjects] = found as [string, string[]];
      return { version, subjects };
    },
    async forgets() {
      const memory = String(await connection.ask('INFO', ['memory']));
      const policy = /^maxmemory_policy:(\S+)/m.exec(memory)?.[1] ?? 'noeviction';
      return policy === 'noeviction' ? null : policy;
    },
    close: () => connection.close(),
  };
}

export interface RedisStore extends Store {
  /**
   * The `maxmemory-policy` by which the server evicts what is live when its memory is full; null when it does not.
   *
   * @throws {StoreUnavailable}
   */
  forgets(): Promise<string | null>;
}

interface Script {
  readonly text: string;
  readonly sha1: string;
}

function script(text: string): Script {
  return { text, sha1: new Bun.CryptoHasher('sha1').update(text).digest('hex') };
}

const SCRIPTS = {
  admit: script(ADMIT),
  settle: script(SETTLE),
  renew: script(RENEW),
  revoke: script(REVOKE),
  revocations: script(REVOCATIONS),
} as const;

type Argument = string | number;

/** One connection that comes back by itself, and that nobody waits for longer than the timeout. */
class Connection {
  readonly #url: string;
  readonly #timeout: number;
  #client: RedisClient | null = null;
  #connecting: Promise<RedisClient> | null = null;
  /** When the next attempt may begin, by `performance.now`. */
  #retryAt = 0;
  #closed = false;

  constructor(url: string, timeout: number) {
    this.#url = url;
    this.#timeout = timeout;
  }

  async run({ text, sha1 }: Script, keys: readonly string[], args: readonly Argument[]): Promise<unknown> {
    const rest = [String(keys.length), ...keys, ...args.map(String)];
    const client = this.#client ?? (await this.#connect());
    try {
      return await this.#send(client, 'EVALSHA', [sha1, ...rest]);
    } catch (error) {
      // A script that is not known has not run, so it may be sent again, with its text.
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT'))
        throw this.#failed(client, error);
    }
    try {
      return await this.#send(client, 'EVAL', [text, ...rest]);
    } catch (error) {
      throw this.#failed(client, error);
    }
  }

  /** Sends one command. */
  async ask(command: string, args: string[]): Promise<unknown> {
    const client = this.#client ?? (await this.#connect());
    try {
      return await this.#send(client, command, args);
    } catch (error) {
      throw this.#failed(client, error);
    }
  }

  close(): void {
    this.#closed = true;
    this.#client?.close();
    this.#client = null;
  }

  async #send(client: RedisClient, command: string, args: string[]): Promise<unknown> {
    const { promise: tooLate, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => reject(new StoreUnavailable('redis: no answer in time', { perhapsDone: true })),
      this.#timeout,
    );
    try {
      return await Promise.race([client.send(command, args), tooLate]);
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * Gives the connection up, unless the server has merely answered with an error. One that has become a replica is left
   * too: after a failover the name leads to another.
   */
  #failed(client: RedisClient, error: unknown): StoreUnavailable {
    const { code, message } = error as { code?: string; message: string };
    const refuses = code === 'ERR_REDIS_SERVER_ERROR';
    const isReplica = refuses && /^(?:READONLY|MASTERDOWN)\b/.test(message);
    if (refuses && !isReplica) return new StoreUnavailable('redis: the server refuses');
    if (this.#client === client) this.#client = null;
    client.close();
    if (isReplica) return new StoreUnavailable('redis: the server is a replica');
    return error instanceof StoreUnavailable
      ? error
      : new StoreUnavailable('redis: connection lost', { perhapsDone: true });
  }

  async #connect(): Promise<RedisClient> {
    if (this.#closed) throw new StoreUnavailable('redis: closed');
    if (this.#connecting === null) {
      if (performance.now() < this.#retryAt) throw new StoreUnavailable('redis: no connection');
      this.#connecting = this.#open().finally(() => {
        this.#connecting = null;
      });
    }
    return this.#connecting;
  }

  async #open(): Promise<RedisClient> {
    // Bun's own reconnecting gives up after a while, for good.
    const client = new RedisClient(this.#url, {
      autoReconnect: false,
      enableOfflineQueue: false,
      connectionTimeout: this.#timeout,
    });
    client.onclose = () => {
      if (this.#client === client) this.#client = null;
    };
    const { promise: tooLate, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(reject, this.#timeout);
    try {
      await Promise.race([client.connect(), tooLate]);
      if (this.#closed) throw new StoreUnavailable('redis: closed');
      this.#client = client;
      return client;
    } catch {
      this.#retryAt = performance.now() + RETRY_PAUSE;
      client.close();
      throw new StoreUnavailable('redis: no connection');
    } finally {
      clearTimeout(timer);
    }
  }
}

// How long nobody tries to connect after a failed attempt, in milliseconds.
const RETRY_PAUSE = 200;

function admitArguments(
  { id, revocable, windows, streams, budgets, use }: Admission,
  { key, lease, revocations }: { key: (name: string) => string; lease: number; revocations: string },
): { keys: string[]; args: Argument[] } {
  return {
    keys: [
      revocations,
      ...windows.map((each) => key(each.key)),
      ...streams.map((each) => key(each.key)),
      ...budgets.map((each) => key(each.key)),
      ...(use === null ? [] : [key(use.key)]),
    ],
    args: [
      id,
      lease,
      revocable.length,
      windows.length,
      streams.length,
      budgets.length,
      use === null ? 0 : 1,
      ...revocable,
      ...windows.flatMap(({ limit, window }) => [limit, Math.ceil(window)]),
      ...streams.map(({ limit }) => limit),
      ...budgets.flatMap(({ limit, window, reserve }) => [limit, Math.ceil(window), reserve]),
      ...(use === null ? [] : [use.uses, Math.ceil(use.keepFor)]),
    ],
  };
}

function verdict({ windows, streams, budgets }: Admission, answer: readonly number[]): Verdict {
  if (answer[0] === 0) {
    const [, kind, index, retryIn] = answer as [number, number, number, number];
    return {
      admitted: false,
      code: KINDS[kind]!,
      index,
      retryIn: retryIn < 0 ? null : retryIn,
    } satisfies Rejected;
  }
  let at = 1;
  const next = () => answer[at++]!;
  return {
    admitted: true,
    windows: windows.map(() => ({ remaining: next(), resetIn: next() })),
    streams: streams.map(() => ({ remaining: next() })),
    budgets: budgets.map(() => ({ remaining: next(), resetIn: next(), ticket: next() })),
  };
}

const KINDS: readonly RejectionCode[] = [
  'revoked',
  'rate_limited',
  'too_many_streams',
  'budget_exhausted',
  'already_used',
];

function settleArguments(
  { id, streams, budgets, unused }: Settlement,
  key: (name: string) => string,
): { keys: string[]; args: Argument[] } {
  return {
    keys: [
      ...streams.map(key),
      ...budgets.map((each) => key(each.key)),
      ...(unused === null ? [] : [key(unused), key(`${unused}/${id}`)]),
    ],
    args: [
      id,
      streams.length,
      budgets.length,
      unused === null ? 0 : 1,
      ...budgets.flatMap(({ ticket, spent }) => [ticket, spent]),
    ],
  };
}
