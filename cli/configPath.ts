import { findConfigFile } from '../config/readConfigFile.ts';

/**
 * The configuration file to use: that of `--config`, else of `SW_CONFIG`, else the one in the working directory, which
 * an app on the command line or in the environment leaves alone. Undefined where there is none.
 */
export function configPath(
  argument: string | undefined,
  { env, namesApp }: { env: Readonly<Record<string, string | undefined>>; namesApp: boolean },
): string | undefined {
  return argument ?? (env.SW_CONFIG || undefined) ?? (namesApp ? undefined : findConfigFile('.'));
}
