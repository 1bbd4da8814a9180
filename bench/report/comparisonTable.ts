import type { CaseResults } from './caseResults.ts';
import { compare } from './compare.ts';
import { shown } from './shown.ts';

/** The table of a case: its head, then a row for each system. */
export function comparisonTable(results: CaseResults): string[][] {
  const rows = compare(results);
  const units = [...new Set(rows.flatMap(({ figures }) => [...figures.keys()]))];
  // The unit that is compared comes first, also where the first system, `direct`, does not have it.
  units.sort((a, b) => Number(b === results.unit) - Number(a === results.unit));
  return [
    ['', `× ${results.reference}`, 'lowest to highest', ...units],
    ...rows.map(({ system, ratio, spread, figures, failure }) =>
      figures.size === 0
        ? [system, '–', failure ?? 'not measured', ...units.map(() => '')]
        : [system, shown(ratio), spreadOf(spread), ...units.map((unit) => shown(figures.get(unit)))],
    ),
  ];
}

/** A table for a terminal: columns aligned, the first to the left. */
export function textTable(table: readonly (readonly string[])[]): string {
  const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]!.length)));
  const lines = table.map((row) =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!))),
  );
  return lines.map((cells) => `  ${cells.join('  ')}`.trimEnd()).join('\n');
}

/** A table in Markdown: numbers to the right. */
export function markdownTable(table: readonly (readonly string[])[]): string {
  const [head, ...rows] = table as [readonly string[], ...(readonly string[])[]];
  const rule = head.map((_, column) => (column === 0 ? '---' : '---:'));
  return [head, rule, ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

function spreadOf([low, high]: readonly [number, number]): string {
  return Number.isNaN(low) ? '' : `${shown(low)} to ${shown(high)}`;
}
