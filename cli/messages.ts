import { type ConsolaInstance, createConsola, type LogObject } from 'consola/core';
import { createPalette, type Palette } from './palette.ts';
import type { Output } from './terminal.ts';

/** Messages for a person: `info`, `success`, `warn` and `error`, a line each, all on the given output. */
export type Messages = Pick<ConsolaInstance, 'info' | 'success' | 'warn' | 'error'>;

/**
 * consola's own reporters write to the process's streams and frame warnings with blank lines; this one writes
 * one line to the output it is handed.
 */
export function createMessages(output: Output): Messages {
  const palette = createPalette(output.colours);
  return createConsola({
    // One warning several times is several warnings: consola would fold them into one.
    throttle: 0,
    reporters: [
      {
        log(entry) {
          // A reader of stderr that has left is no reason to stop serving.
          output.write(`${line(entry, palette)}\n`).catch(() => {});
        },
      },
    ],
  });
}

function line({ type, args }: LogObject, palette: Palette): string {
  const text = args.join(' ');
  if (type === 'error') return `${palette.bad('error:')} ${text}`;
  if (type === 'warn') return `${palette.warning('warning:')} ${text}`;
  if (type === 'success') return palette.good(text);
  return text;
}
