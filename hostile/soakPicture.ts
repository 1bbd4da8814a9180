/** What was read at one moment. */
export interface Sample {
  /** Seconds since the start. */
  readonly time: number;
  /** Bytes. */
  readonly memory: number;
  /** Open files. */
  readonly files: number;
}

/** Memory and open files over time, one above the other, as an SVG. */
export function drawSoak(samples: readonly Sample[]): string {
  const seconds = samples.at(-1)?.time ?? 1;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${2 * HEIGHT}" font-family="sans-serif" font-size="12">
<rect width="100%" height="100%" fill="#fff"/>
${panel(
  samples.map(({ time, memory }) => [time, memory / 1024 / 1024]),
  { title: 'memory, MiB', top: 0, seconds },
)}
${panel(
  samples.map(({ time, files }) => [time, files]),
  { title: 'open files', top: HEIGHT, seconds },
)}
</svg>
`;
}

interface PanelOptions {
  readonly title: string;
  readonly top: number;
  readonly seconds: number;
}

function panel(points: readonly (readonly [time: number, value: number])[], options: PanelOptions): string {
  const { title, top, seconds } = options;
  const most = Math.max(1, ...points.map(([, value]) => value)) * 1.1;
  const x = (time: number) => (LEFT + (time / seconds) * (WIDTH - LEFT - 20)).toFixed(1);
  const y = (value: number) => (top + HEIGHT - 30 - (value / most) * (HEIGHT - 60)).toFixed(1);
  const line = points.map(([time, value]) => `${x(time)},${y(value)}`).join(' ');
  const marks = [0, 0.5, 1].map((share) => {
    const value = (most / 1.1) * share;
    return `<text x="${LEFT - 8}" y="${y(value)}" text-anchor="end">${Math.round(value)}</text>`;
  });
  return `<text x="${LEFT}" y="${top + 20}" font-weight="bold">${title}</text>
${marks.join('\n')}
<text x="${x(seconds)}" y="${top + HEIGHT - 10}" text-anchor="end">${Math.round(seconds / 60)} min</text>
<polyline points="${line}" fill="none" stroke="#0a6" stroke-width="1.5"/>`;
}

const WIDTH = 900;
const HEIGHT = 240;
const LEFT = 60;
