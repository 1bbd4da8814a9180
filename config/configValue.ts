import { resolve } from 'node:path';
import { readSecretFile } from './secretFile.ts';

/** Where values come from. */
export interface ValueSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The folder that `file:` paths begin in. */
  readonly folder: string;
}

/** A value, or why there is none. A warning is for the operator. */
export type ResolvedValue =
  | { readonly value: string; readonly written: boolean; readonly warning?: string }
  | { readonly problem: string };

/**
 * Reads a value of the configuration: `env:NAME` is a variable's, `file:PATH` the one line of a file, and anything
 * else is meant as it stands (`written`).
 *
 * **Security**: problems name variables and files, never what they hold.
 */
export function resolveValue(text: string, sources: ValueSources): ResolvedValue {
  const [, kind, name = ''] = /^(env|file):(.*)$/s.exec(text) ?? [];
  if (kind === 'env') return fromVariable(name, sources);
  if (kind === 'file') return fromFile(name, sources);
  return { value: text, written: true };
}

/** Reads a value in which `{env:NAME}` and `{file:PATH}` stand for what they name. */
export function resolveTemplate(text: string, sources: ValueSources): ResolvedValue {
  if (/^(?:env|file):/.test(text)) return resolveValue(text, sources);
  let problem: string | undefined;
  let warning: string | undefined;
  let written = true;
  const value = text.replace(/\{((?:env|file):[^{}]+)\}/g, (_, reference: string) => {
    const resolved = resolveValue(reference, sources);
    written = false;
    if ('problem' in resolved) {
      problem ??= resolved.problem;
      return '';
    }
    warning ??= resolved.warning;
    return resolved.value;
  });
  if (problem !== undefined) return { problem };
  return { value, written, ...(warning === undefined ? {} : { warning }) };
}

function fromVariable(name: string, { env }: ValueSources): ResolvedValue {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return { problem: `names no variable: env:NAME` };
  const value = env[name];
  if (value === undefined || value === '')
    return { problem: `needs the environment variable ${name}, which is not set` };
  return { value, written: false };
}

function fromFile(path: string, { folder }: ValueSources): ResolvedValue {
  const read = readSecretFile(resolve(folder, path));
  if ('problem' in read) return { problem: `needs the file ${path}, which ${read.problem}` };
  if (!read.open) return { value: read.text, written: false };
  return {
    value: read.text,
    written: false,
    warning: `is in ${path}, which every user of this machine can read`,
  };
}
