/** Writes a moment as `X-Sw-Date` does: UTC, `YYYYMMDDTHHMMSSZ`, cut to the second. */
export function formatTimestamp(date: Date): string {
  const iso = date.toISOString();
  if (iso.length !== 24) throw new RangeError('the year must have four digits');
  return `${iso.slice(0, 19).replace(/[-:]/g, '')}Z`;
}

/** Reads `YYYYMMDDTHHMMSSZ` as milliseconds since the epoch; undefined unless it is a real date and time. */
export function parseTimestamp(text: string): number | undefined {
  if (!TIMESTAMP.test(text)) return undefined;
  const year = Number(text.slice(0, 4)) + CYCLE_YEARS;
  const month = Number(text.slice(4, 6));
  const day = Number(text.slice(6, 8));
  const hour = Number(text.slice(9, 11));
  const minute = Number(text.slice(11, 13));
  const second = Number(text.slice(13, 15));
  if (month < 1 || month > 12 || hour > 23 || minute > 59 || second > 59) return undefined;
  if (day < 1 || day > new Date(Date.UTC(year, month, 0)).getUTCDate()) return undefined;
  return Date.UTC(year, month - 1, day, hour, minute, second) - CYCLE_MS;
}

const TIMESTAMP = /^\d{8}T\d{6}Z$/;

// Date.UTC reads the years 0 to 99 as 1900 to 1999; the Gregorian calendar repeats after 400 years.
const CYCLE_YEARS = 400;
const CYCLE_MS = 146_097 * 86_400_000;
