import { parseByteSize } from './byteSize.ts';
import { parseDuration } from './duration.ts';

/** A time of a checked configuration in milliseconds; a number is seconds. */
export function milliseconds(time: string | number): number {
  return typeof time === 'number' ? Math.round(time * 1000) : parseDuration(time)!;
}

/** A size of a checked configuration in bytes. */
export function bytes(size: string | number): number {
  return typeof size === 'number' ? size : parseByteSize(size)!;
}

/** Applies a function to the members that are there. */
export function mapPresent<Name extends string, From, To>(
  members: { readonly [name in Name]?: From | undefined },
  convert: (value: From) => To,
): { [name in Name]?: To } {
  const present = Object.entries<From | undefined>(members).filter(([, value]) => value !== undefined);
  return Object.fromEntries(present.map(([name, value]) => [name, convert(value as From)])) as {
    [name in Name]?: To;
  };
}
