import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PerformanceReport } from './performanceReport.ts';

const BEGIN = '<!-- measured: what follows is written by `bun run bench --write` -->';
const END = '<!-- /measured -->';

/** Writes the report into `performance.md` of a folder, between its marks, and the plots beside it. */
export async function writePerformancePage(
  docs: string,
  { markdown, plots }: PerformanceReport,
): Promise<void> {
  const page = join(docs, 'performance.md');
  await writeFile(page, withMeasured(await readFile(page, 'utf8'), markdown));
  await mkdir(join(docs, 'performance'), { recursive: true });
  for (const [name, svg] of Object.entries(plots)) await writeFile(join(docs, 'performance', name), svg);
}

/**
 * Replaces what stands between the marks; the rest of the page is a person's.
 *
 * @throws {Error} when the page does not have both marks
 */
export function withMeasured(page: string, markdown: string): string {
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (begin === -1 || end < begin) throw new Error(`the page has no ${BEGIN} … ${END}`);
  return `${page.slice(0, begin + BEGIN.length)}\n\n${markdown}\n\n${page.slice(end)}`;
}
