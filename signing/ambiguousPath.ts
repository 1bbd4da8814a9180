/**
 * Whether an upstream could read a path as another one than it is here, once dot segments are resolved: an escaped
 * slash, backslash, dot or percent sign, which it may decode first, or a dot segment with a parameter (`..;`,
 * `..;a=b`), whose parameter servlet containers take off first.
 */
export function isAmbiguousPath(path: string): boolean {
  return ESCAPE.test(path) || DOTS_WITH_PARAMETER.test(path);
}

const ESCAPE = /%(?:2f|5c|2e|25)/i;
const DOTS_WITH_PARAMETER = /(?:^|\/)\.{1,2}(?:;|%3b)/i;
