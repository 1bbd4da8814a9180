import { styleText } from 'node:util';

/** Styles for text that a person reads; all of them leave it alone where colours are off. */
export interface Palette {
  heading(text: string): string;
  option(text: string): string;
  faint(text: string): string;
  good(text: string): string;
  bad(text: string): string;
  warning(text: string): string;
}

export function createPalette(colours: boolean): Palette {
  const style = (format: Parameters<typeof styleText>[0]) => (text: string) =>
    colours ? styleText(format, text, { validateStream: false }) : text;
  return {
    heading: style('bold'),
    option: style('cyan'),
    faint: style('gray'),
    good: style('green'),
    bad: style('red'),
    warning: style('yellow'),
  };
}

/**
 * Whether a stream gets colours: a terminal does, unless `NO_COLOR` holds anything at all (no-color.org) or
 * `TERM` is `dumb`.
 */
export function wantsColours(
  isTerminal: boolean,
  env: Readonly<Record<string, string | undefined>>,
): boolean {
  return isTerminal && (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb';
}
