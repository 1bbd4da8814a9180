import { dirname, relative, resolve } from 'node:path';
import { compileConfig } from '../config/compileConfig.ts';
import { type ConfigProblem, writePath } from '../config/configProblem.ts';
import type { GatewayConfig } from '../config/gatewayConfig.ts';
import { WRITTEN_DOWN } from '../config/problemList.ts';
import { type ConfigFile, ConfigFileError, readConfigFile } from '../config/readConfigFile.ts';
import { CliError } from './cliError.ts';
import { EXIT } from './exitCodes.ts';

/** A configuration file that can be used. */
export interface LoadedConfig {
  /** Absolute. */
  readonly path: string;
  readonly config: GatewayConfig;
  readonly warnings: readonly string[];
}

/**
 * Reads and checks a configuration file.
 *
 * @throws {CliError} 3, naming everything that is wrong with it
 */
export async function loadConfig(
  path: string,
  { env }: { env: Readonly<Record<string, string | undefined>> },
): Promise<LoadedConfig> {
  const absolute = resolve(path);
  const file = await read(absolute);
  const { config, problems } = compileConfig(file.value, { env, folder: dirname(absolute) });
  const said = problems.map((problem) => ({ problem, text: describe(problem, file) }));
  const ofSeverity = (severity: ConfigProblem['severity']) =>
    said.filter(({ problem }) => problem.severity === severity).map(({ text }) => text);
  const [errors, warnings] = [ofSeverity('error'), ofSeverity('warning')];
  if (config === null) {
    const many = errors.length === 1 ? 'one thing is' : `${errors.length} things are`;
    const lines = [...errors, ...warnings.map((warning) => `warning: ${warning}`)];
    throw new CliError(EXIT.configuration, [`${many} wrong in ${shown(absolute)}:`, ...lines].join('\n  '));
  }
  if (file.open && problems.some(({ message }) => message === WRITTEN_DOWN)) {
    warnings.push(`${shown(absolute)} holds secrets and can be read by every user of this machine`);
  }
  return { path: absolute, config, warnings };
}

async function read(path: string): Promise<ConfigFile> {
  try {
    return await readConfigFile(path);
  } catch (error) {
    if (error instanceof ConfigFileError) throw new CliError(EXIT.configuration, error.message);
    throw error;
  }
}

/** `signway.config.json:12:7 apps[0].upstreams[1].orign is not known: did you mean origin?` */
function describe({ path, message }: ConfigProblem, file: ConfigFile): string {
  const place = placeOf(path, file);
  const where = place === undefined ? shown(file.path) : `${shown(file.path)}:${place.line}:${place.column}`;
  return `${where} ${path.length === 0 ? 'the file' : writePath(path)} ${message}`;
}

/** Of what is missing, the place of what it is missing in. */
function placeOf(path: ConfigProblem['path'], file: ConfigFile) {
  for (let length = path.length; length >= 0; length--) {
    const place = file.placeOf(path.slice(0, length));
    if (place !== undefined) return place;
  }
  return undefined;
}

function shown(path: string): string {
  const near = relative('.', path);
  return near.startsWith('..') ? path : near;
}
