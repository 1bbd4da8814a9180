import type { Call } from './callTree.ts';

/**
 * Draws a tree of calls as an SVG, callers above what they call, each as wide as its share of the samples. A
 * browser shows a call's name and share when it is pointed at.
 */
export function flameGraph(root: Call, { title }: { title: string }): string {
  const frames: string[] = [];
  let depth = 0;
  draw(root, { x: 0, level: 0 });
  const height = TOP + (depth + 1) * LEVEL + 10;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" font-family="ui-monospace, monospace" font-size="11" fill="#1f2328">
<title>${escaped(title)}</title>
<rect width="100%" height="100%" fill="#ffffff"/>
<text x="8" y="20" font-size="14">${escaped(title)}</text>
<text x="8" y="36">${root.total} samples; blue: this project, grey: built in, orange: others' packages</text>
${frames.join('\n')}
</svg>
`;

  function draw(call: Call, { x, level }: { x: number; level: number }): void {
    const width = (call.total / root.total) * WIDTH;
    if (width < NARROWEST) return;
    depth = Math.max(depth, level);
    const y = TOP + level * LEVEL;
    const letters = Math.floor((width - 6) / LETTER);
    const label =
      call.name.length <= letters ? call.name : `${call.name.slice(0, Math.max(0, letters - 1))}…`;
    const share = ((100 * call.total) / root.total).toFixed(1);
    const own = ((100 * call.self) / root.total).toFixed(1);
    frames.push(
      `<g><title>${escaped(call.name)}: ${share} %, itself ${own} %</title><rect x="${round(x)}" y="${y}" width="${round(width)}" height="${LEVEL - 1}" fill="${colourOf(call)}"/>${
        letters < 3 ? '' : `<text x="${round(x + 3)}" y="${y + LEVEL - 5}">${escaped(label)}</text>`
      }</g>`,
    );
    let left = x;
    for (const child of call.children) {
      draw(child, { x: left, level: level + 1 });
      left += (child.total / root.total) * WIDTH;
    }
  }
}

const WIDTH = 1600;
const TOP = 46;
const LEVEL = 17;
const LETTER = 6.7;
/** Pixels; what is narrower is not drawn. */
const NARROWEST = 0.5;

function colourOf({ url }: Call): string {
  if (url.includes('/node_modules/')) return '#ffd8a8';
  return url.startsWith('file:') ? '#a5d8ff' : '#dee2e6';
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
