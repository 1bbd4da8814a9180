/**
 * Reads a time as people write it: `30s`, `500ms`, `10m`, `1h`, `7d`, `1h30m`, or plain seconds (`60`).
 *
 * @returns milliseconds, or undefined when it cannot be read
 */
export function parseDuration(text: string): number | undefined {
  if (/^\d{1,10}$/.test(text)) return Number(text) * 1000;
  if (!/^(?:\d{1,10}(?:ms|[smhd]))+$/.test(text)) return undefined;
  let total = 0;
  for (const [, count, unit] of text.matchAll(/(\d+)(ms|[smhd])/g)) {
    total += Number(count) * UNITS[unit as Unit];
  }
  return total;
}

/** Writes milliseconds by the two largest units that hold something: `7d`, `1h 30m`, `42s`, `0s`. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds > 0 && milliseconds < 1000) return `${Math.round(milliseconds)}ms`;
  const parts: string[] = [];
  let rest = Math.floor(milliseconds / 1000) * 1000;
  for (const unit of ['d', 'h', 'm', 's'] as const) {
    const count = Math.floor(rest / UNITS[unit]);
    if (count > 0) parts.push(`${count}${unit}`);
    rest -= count * UNITS[unit];
    if (parts.length === 2) break;
  }
  return parts.length === 0 ? '0s' : parts.join(' ');
}

const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

type Unit = keyof typeof UNITS;
