import { resolve } from 'node:path';
import type { StoreChoice } from '../config/gatewayConfig.ts';
import {
  createMemoryStore,
  createRedisStore,
  createSqliteStore,
  type RedisStore,
  type Store,
  StoreUnavailable,
} from '../server/index.ts';
import { CliError } from './cliError.ts';
import { EXIT } from './exitCodes.ts';
import type { Given } from './given.ts';

/**
 * Reads `--store` or `SW_STORE`: `memory`, `sqlite:FILE` or a `redis://` URL.
 *
 * **Security**: the URL can hold a password, so the message repeats nothing.
 *
 * @throws {CliError} 2 for the command line, 3 for the environment
 */
export function readStore({ text, name, exitCode }: Given): StoreChoice {
  if (text === 'memory') return { kind: 'memory' };
  const sqlite = /^sqlite:(.+)$/.exec(text)?.[1];
  if (sqlite !== undefined) return { kind: 'sqlite', path: resolve(sqlite) };
  if (/^(?:rediss?|valkeys?):\/\/[^/?#]/.test(text) && URL.canParse(text))
    return { kind: 'redis', url: text };
  throw new CliError(exitCode, `${name} must be memory, sqlite:FILE or redis://HOST:PORT`);
}

/**
 * What an operator should know of a store before the first request: that it cannot be reached, or that it forgets.
 * Null where there is nothing to say.
 */
export async function storeWarning(store: Store): Promise<string | null> {
  if (!('forgets' in store)) return null;
  try {
    const policy = await (store as RedisStore).forgets();
    if (policy === null) return null;
    return (
      `the Redis of the store evicts what is live when its memory is full (maxmemory-policy ${policy}): a nonce that ` +
      'it forgets works again. Set it to noeviction'
    );
  } catch (error) {
    const reason = error instanceof StoreUnavailable ? error.message : 'unknown reason';
    return `the store cannot be asked at the moment (${reason}): what needs it is refused until it can`;
  }
}

/** @throws {CliError} 1 when the file of a store cannot be opened */
export function openStore(choice: StoreChoice): Store {
  switch (choice.kind) {
    case 'memory':
      return createMemoryStore();
    case 'redis':
      return createRedisStore(choice);
    case 'sqlite': {
      const { path, timeout } = choice;
      try {
        return createSqliteStore({ path, ...(timeout === undefined ? {} : { busyTimeout: timeout }) });
      } catch (error) {
        if (!(error instanceof StoreUnavailable)) throw error;
        throw new CliError(EXIT.failed, `the store ${path} cannot be opened: ${error.message}`);
      }
    }
  }
}
