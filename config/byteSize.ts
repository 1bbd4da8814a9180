/**
 * Reads a size as people write it: `10MiB`, `512KiB`, `1GB` (powers of 1000), or plain bytes (`1048576`).
 *
 * @returns bytes, or undefined when it cannot be read
 */
export function parseByteSize(text: string): number | undefined {
  const match = /^(\d{1,12}(?:\.\d{1,3})?) ?(B|KB|MB|GB|KIB|MIB|GIB)?$/i.exec(text);
  if (match === null) return undefined;
  const bytes = Number(match[1]) * UNITS[(match[2] ?? 'B').toUpperCase() as Unit];
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** Writes bytes by the largest unit that divides them: `10MiB`, `12KiB`, `1000B`. */
export function formatByteSize(bytes: number): string {
  for (const [unit, name] of [
    [UNITS.GIB, 'GiB'],
    [UNITS.MIB, 'MiB'],
    [UNITS.KIB, 'KiB'],
  ] as const) {
    if (bytes > 0 && bytes % unit === 0) return `${bytes / unit}${name}`;
  }
  return `${bytes}B`;
}

const UNITS = {
  B: 1,
  KB: 1000,
  MB: 1000 ** 2,
  GB: 1000 ** 3,
  KIB: 1024,
  MIB: 1024 ** 2,
  GIB: 1024 ** 3,
} as const;

type Unit = keyof typeof UNITS;
