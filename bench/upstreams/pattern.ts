/** The period of the pattern: a prime, so that a block that went missing or came twice moves everything after it. */
export const PATTERN_PERIOD = 65_521;

/** `length` bytes of the pattern from `offset` on; at most one period. They are shared: never write to them. */
export function patternAt(offset: number, length: number): Uint8Array {
  const start = offset % PATTERN_PERIOD;
  return TWO_PERIODS.subarray(start, start + length);
}

/** Whether `bytes` are the pattern's from `offset` on: what every body of the bench consists of. */
export function matchesPattern(bytes: Uint8Array, offset: number): boolean {
  for (let at = 0; at < bytes.length; at += PATTERN_PERIOD) {
    const part = bytes.subarray(at, at + PATTERN_PERIOD);
    if (Buffer.compare(part, patternAt(offset + at, part.length)) !== 0) return false;
  }
  return true;
}

const TWO_PERIODS = twoPeriods();

function twoPeriods(): Uint8Array {
  const bytes = new Uint8Array(2 * PATTERN_PERIOD);
  // xorshift32: noise that no encoding can shorten, the same in every process.
  let state = 0x9e3779b9;
  for (let i = 0; i < PATTERN_PERIOD; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[i] = state;
    bytes[i + PATTERN_PERIOD] = state;
  }
  return bytes;
}
