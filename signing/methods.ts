import { METHOD } from './parameters.ts';

/**
 * Reads the value of `X-Sw-Methods`: one or more upper-case methods, each once, joined by `;`.
 * Undefined when it is anything else; `*` is never a method.
 */
export function parseMethods(value: string): readonly string[] | undefined {
  const methods = value.split(';');
  const wellFormed = methods.every((method) => METHOD.test(method));
  return wellFormed && new Set(methods).size === methods.length ? methods : undefined;
}
