import { existsSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, extname, resolve } from 'node:path';
import { findNodeAtLocation, type ParseError, parseTree, printParseErrorCode } from 'jsonc-parser';
import type { ConfigPath } from './configProblem.ts';

/** A configuration file as it was read, before anything in it is checked. */
export interface ConfigFile {
  readonly path: string;
  readonly value: unknown;
  /** Whether every user of this machine can read it. */
  readonly open: boolean;
  /** The line and column of a part, both from 1, where the format tells; else undefined. */
  placeOf(path: ConfigPath): { line: number; column: number } | undefined;
}

/** A file that cannot be read. The message says where and why. */
export class ConfigFileError extends Error {
  override readonly name = 'ConfigFileError';
}

export const CONFIG_NAMES = [
  'signway.config.ts',
  'signway.config.js',
  'signway.config.mjs',
  'signway.config.json',
  'signway.config.jsonc',
  'signway.config.yaml',
  'signway.config.yml',
  'signway.config.toml',
] as const;

/** The configuration file of a folder, or undefined. */
export function findConfigFile(folder: string): string | undefined {
  return CONFIG_NAMES.map((name) => resolve(folder, name)).find((path) => existsSync(path));
}

/**
 * Reads a configuration file: TypeScript or JavaScript with a default export (an object, or a function that gives
 * one), JSON with comments, YAML or TOML. It is read anew each time, with the modules beside it that it imports.
 *
 * **Security**: a `.ts` or `.js` file is a program and runs with this process's rights.
 *
 * @throws {ConfigFileError}
 */
export async function readConfigFile(path: string): Promise<ConfigFile> {
  try {
    const open = (statSync(path).mode & 0o007) !== 0;
    const { value, placeOf = nowhere } = await parse(path);
    return { path, value, open, placeOf };
  } catch (error) {
    if (error instanceof ConfigFileError) throw error;
    throw new ConfigFileError(whyNot(path, error));
  }
}

/** A program that Bun cannot read has a place for each of its faults. */
function whyNot(path: string, error: unknown): string {
  const faults = error instanceof AggregateError ? error.errors : [error];
  const sentences = faults.map((fault) => {
    const { code, message, position, path: about } = fault as NodeJS.ErrnoException & Partial<BuildMessage>;
    const place = position == null ? path : `${position.file}:${position.line}:${position.column}`;
    return `${place} cannot be read: ${code !== undefined && about === path ? code : message}`;
  });
  return sentences.join('\n  ');
}

type Parsed = Pick<ConfigFile, 'value'> & Partial<Pick<ConfigFile, 'placeOf'>>;

async function parse(path: string): Promise<Parsed> {
  switch (extname(path)) {
    case '.json':
    case '.jsonc':
      return parseJson(path, readFileSync(path, 'utf8'));
    case '.yaml':
    case '.yml':
      return { value: Bun.YAML.parse(readFileSync(path, 'utf8')) };
    case '.toml':
      return { value: Bun.TOML.parse(readFileSync(path, 'utf8')) };
    case '.ts':
    case '.js':
    case '.mjs':
      return { value: await importDefault(path) };
    default:
      throw new ConfigFileError(`${path} is of no format that can be read: .ts, .js, .json, .yaml or .toml`);
  }
}

async function importDefault(path: string): Promise<unknown> {
  forgetModules(path);
  const { default: exported } = (await import(path)) as { default?: unknown };
  if (exported === undefined) throw new ConfigFileError(`${path} has no default export`);
  return typeof exported === 'function' ? await exported() : exported;
}

/** Lets the file, and the modules beside it that it imports, be read anew. */
function forgetModules(path: string): void {
  const { cache } = createRequire(import.meta.url);
  const folder = `${dirname(path)}/`;
  for (const known of Object.keys(cache)) {
    if (known === path || (known.startsWith(folder) && !known.includes('/node_modules/')))
      delete cache[known];
  }
}

function parseJson(path: string, text: string): Parsed {
  // The tree that tells places costs fifty times as much as the values, and most files need none.
  const plain = parsePlainJson(text);
  let tree: Node | undefined;
  let position: ReturnType<typeof positionsIn> | undefined;
  const root = () => {
    tree ??= parseTreeOf(path, text);
    return tree;
  };
  return {
    value: plain === undefined ? jsonValue(root()) : plain.value,
    placeOf(wanted) {
      const node = findNodeAtLocation(root(), [...wanted]);
      // A member that is wrong is shown by its name.
      const shown = node?.parent?.type === 'property' ? node.parent : node;
      position ??= positionsIn(text);
      return shown === undefined ? undefined : position(shown.offset);
    },
  };
}

/** Undefined for what is not JSON as it stands: it may have comments. */
function parsePlainJson(text: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

function parseTreeOf(path: string, text: string): Node {
  const errors: ParseError[] = [];
  const root = parseTree(text, errors, { allowTrailingComma: true });
  const [error] = errors;
  if (error === undefined && root !== undefined) return root;
  const { line, column } = positionsIn(text)(error?.offset ?? 0);
  const what = error === undefined ? 'it is empty' : printParseErrorCode(error.error);
  throw new ConfigFileError(`${path}:${line}:${column} is not JSON: ${what}`);
}

type Node = NonNullable<ReturnType<typeof parseTree>>;

/** As jsonc-parser's own `getNodeValue`, with `__proto__` as a member like others. */
function jsonValue(node: Node): unknown {
  if (node.type === 'array') return (node.children ?? []).map(jsonValue);
  if (node.type !== 'object') return node.value;
  const members = (node.children ?? []).map(({ children }): [string, unknown] => [
    children![0]!.value,
    children![1] === undefined ? undefined : jsonValue(children![1]),
  ]);
  return Object.fromEntries(members);
}

/** Tells the line and column of an offset. */
function positionsIn(text: string): (offset: number) => { line: number; column: number } {
  const starts = [0, ...Array.from(text.matchAll(/\n/g), ({ index }) => index + 1)];
  return (offset) => {
    let line = 1;
    for (let after = starts.length; line < after; ) {
      const middle = Math.ceil((line + after) / 2);
      if (starts[middle - 1]! <= offset) line = middle;
      else after = middle - 1;
    }
    return { line, column: offset - starts[line - 1]! + 1 };
  };
}

function nowhere(): undefined {
  return undefined;
}
