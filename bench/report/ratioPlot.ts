import type { CaseResults } from './caseResults.ts';
import { type Comparison, compare } from './compare.ts';
import { shown } from './shown.ts';

/**
 * Draws cases as an SVG: a row for each, in it a dot for each system at its ratio, with a line from the lowest
 * round to the highest. The axis is logarithmic, so that twice and half lie equally far from 1.
 */
export function ratioPlot(cases: readonly CaseResults[], { title }: { title: string }): string {
  const rows = cases
    .map((each) => ({ title: labelOf(each), dots: compare(each).filter((dot) => isDrawn(dot, each)) }))
    .filter(({ dots }) => dots.length > 0);
  const names = [...new Set(rows.flatMap(({ dots }) => dots.map(({ system }) => system)))];
  const colour = (system: string) => COLOURS[system] ?? '#555555';
  const bounds = axisBounds(rows.flatMap(({ dots }) => dots.flatMap(({ spread }) => spread)));
  const x = (ratio: number) =>
    LEFT + ((Math.log2(ratio) - bounds.low) / (bounds.high - bounds.low)) * (WIDTH - LEFT - RIGHT);

  const drawn: string[] = [];
  let y = TOP;
  for (const row of rows) {
    const height = row.dots.length * LANE + GAP;
    drawn.push(text(row.title, { x: LEFT - 14, y: y + height / 2 + 4, anchor: 'end' }));
    drawn.push(line({ x: LEFT, y: y + height }, { x: WIDTH - RIGHT, y: y + height }, GRID));
    row.dots.forEach((dot, lane) => {
      drawn.push(drawDot(dot, { x, y: y + GAP / 2 + (lane + 0.5) * LANE, colour: colour(dot.system) }));
    });
    y += height;
  }
  const ticks = Array.from({ length: bounds.high - bounds.low + 1 }, (_, i) => 2 ** (bounds.low + i));
  const axis = ticks.flatMap((tick) => [
    line({ x: x(tick), y: TOP }, { x: x(tick), y }, tick === 1 ? '#1f2328' : GRID),
    text(tick < 1 ? `1/${1 / tick}` : String(tick), { x: x(tick), y: y + 16, anchor: 'middle' }),
  ]);
  const legend = names.map((system, i) => {
    const at = { x: LEFT + i * 105, y: 44 };
    return `<circle cx="${at.x}" cy="${at.y}" r="4.5" fill="${colour(system)}"/>${text(system, { x: at.x + 9, y: at.y + 4 })}`;
  });
  const caption = 'ratio to nginx: right of the dark line is better';
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y + 44}" width="${WIDTH}" height="${y + 44}" font-family="system-ui, sans-serif" font-size="12" fill="#1f2328">
<title>${escaped(title)}</title>
<rect width="100%" height="100%" fill="#ffffff"/>
<text x="14" y="24" font-size="15" font-weight="600">${escaped(title)}</text>
${[...legend, ...axis, ...drawn].join('\n')}
${text(caption, { x: (LEFT + WIDTH - RIGHT) / 2, y: y + 34, anchor: 'middle' })}
</svg>
`;
}

const WIDTH = 960;
const LEFT = 400;
const RIGHT = 60;
const TOP = 64;
const LANE = 13;
const GAP = 12;
const GRID = '#d8dee4';
const COLOURS: Readonly<Record<string, string>> = {
  signway: '#0969da',
  'signway-library': '#54aeff',
  haproxy: '#8250df',
  caddy: '#1a7f37',
  fastify: '#bc4c00',
  'bun-fetch': '#bf3989',
};

function labelOf({ title, reference }: CaseResults): string {
  return reference === 'nginx' ? title : `${title} (beside ${reference})`;
}

function isDrawn({ system, ratio }: Comparison, { reference }: CaseResults): boolean {
  return !Number.isNaN(ratio) && system !== reference;
}

/** Whole powers of two around all values, and around 1. */
function axisBounds(values: readonly number[]): { low: number; high: number } {
  const logs = values.map(Math.log2);
  return {
    low: Math.floor(Math.min(-1, ...logs)),
    high: Math.ceil(Math.max(1, ...logs)),
  };
}

function drawDot(
  { system, ratio, spread: [low, high] }: Comparison,
  { x, y, colour }: { x: (ratio: number) => number; y: number; colour: string },
): string {
  const label = text(shown(ratio), { x: x(high) + 9, y: y + 4, fill: colour });
  return `<g><title>${escaped(`${system}: ${shown(ratio)}, ${shown(low)} to ${shown(high)}`)}</title>${line(
    { x: x(low), y },
    { x: x(high), y },
    colour,
  )}<circle cx="${round(x(ratio))}" cy="${round(y)}" r="4.5" fill="${colour}"/>${label}</g>`;
}

function line(from: { x: number; y: number }, to: { x: number; y: number }, colour: string): string {
  return `<line x1="${round(from.x)}" y1="${round(from.y)}" x2="${round(to.x)}" y2="${round(to.y)}" stroke="${colour}"/>`;
}

function text(
  content: string,
  { x, y, anchor = 'start', fill }: { x: number; y: number; anchor?: string; fill?: string },
): string {
  const colour = fill === undefined ? '' : ` fill="${fill}"`;
  return `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}"${colour}>${escaped(content)}</text>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escaped(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
