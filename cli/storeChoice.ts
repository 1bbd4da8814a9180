import { resolve } from 'node:path';
import type { StoreChoice } from '../config/gatewayConfig.ts';
import {
  createMemoryStore,
  createRedisStore,
  createSqliteStore,
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
