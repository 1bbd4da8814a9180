import { parseByteSize } from './byteSize.ts';
import { parseDuration } from './duration.ts';
import type { ProblemList } from './problemList.ts';

/** A time of a checked configuration in milliseconds; a number is seconds. */
export function milliseconds(time: string | number): number {
  return typeof time === 'number' ? Math.round(time * 1000) : parseDuration(time)!;
}

/** A time of a checked configuration in seconds, which has no fraction of one. */
export function wholeSeconds(time: string | number, problems: ProblemList): number {
  const seconds = milliseconds(time) / 1000;
  if (!Number.isInteger(seconds)) problems.error('must be whole seconds, such as 60 or 7d');
  return seconds;
}

/** A size of a checked configuration in bytes. */
export function bytes(size: string | number): number {
  return typeof size === 'number' ? size : parseByteSize(size)!;
}

/** Applies a function to the members that are there. */
export function mapPresent<Name extends string, From, To>(
  members: { readonly [name in Name]?: From | undefined },
  convert: (value: From, name: Name) => To,
): { [name in Name]?: To } {
  const present = Object.entries<From | undefined>(members).filter(([, value]) => value !== undefined);
  return Object.fromEntries(present.map(([name, value]) => [name, convert(value as From, name as Name)])) as {
    [name in Name]?: To;
  };
}
