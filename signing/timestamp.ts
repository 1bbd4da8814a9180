/** Writes a moment as `X-Sw-Date` does: UTC, `YYYYMMDDTHHMMSSZ`, cut to the second. */
export function formatTimestamp(date: Date): string {
  const iso = date.toISOString();
  if (iso.length !== 24) throw new RangeError('the year must have four digits');
  return `${iso.slice(0, 19).replace(/[-:]/g, '')}Z`;
}

/** Reads `YYYYMMDDTHHMMSSZ` as milliseconds since the epoch; undefined unless it is a real date and time. */
export function parseTimestamp(text: string): number | undefined {
  if (!TIMESTAMP.test(text)) return undefined;
  const year = twoDigits(text, 0) * 100 + twoDigits(text, 2);
  const month = twoDigits(text, 4);
  const day = twoDigits(text, 6);
  const hour = twoDigits(text, 9);
  const minute = twoDigits(text, 11);
  const second = twoDigits(text, 13);
  if (month < 1 || month > 12 || hour > 23 || minute > 59 || second > 59) return undefined;
  if (day < 1 || day > daysIn(month, year)) return undefined;
  // Date.UTC reads the years 0 to 99 as 1900 to 1999; the Gregorian calendar repeats after 400 years.
  return Date.UTC(year + CYCLE_YEARS, month - 1, day, hour, minute, second) - CYCLE_MS;
}

const TIMESTAMP = /^\d{8}T\d{6}Z$/;
const CYCLE_YEARS = 400;
const CYCLE_MS = 146_097 * 86_400_000;

function twoDigits(text: string, at: number): number {
  return (text.charCodeAt(at) - ZERO) * 10 + text.charCodeAt(at + 1) - ZERO;
}

const ZERO = 48;

function daysIn(month: number, year: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}
