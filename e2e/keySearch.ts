/** A form in which a key can be written. */
export type KeyForm = 'raw' | 'percent-encoded' | 'base64' | 'hex';

/**
 * The forms in which a text holds a key: as it is, percent-encoded (in part or whole, once or twice), in base64 of
 * either alphabet at any of the three alignments, so that what stands before it makes no difference, and in hex of
 * either case. Bytes are searched as their Latin-1 text. The key is ASCII.
 */
export function keyFormsIn(text: string, key: string): KeyForm[] {
  const found = new Set<KeyForm>();
  const plain = percentDecoded(percentDecoded(text));
  if (text.includes(key)) found.add('raw');
  else if (plain.includes(key)) found.add('percent-encoded');
  for (const each of [text, plain]) {
    // Mail and PEM break base64 into lines.
    const unbroken = each
      .replace(/(?:\r?\n|\\r|\\n)[ \t]*/g, '')
      .replaceAll('-', '+')
      .replaceAll('_', '/');
    if (base64Cores(key).some((core) => unbroken.includes(core))) found.add('base64');
    if (each.toLowerCase().includes(hexOf(key))) found.add('hex');
  }
  return [...found];
}

function percentDecoded(text: string): string {
  return text.replace(/%([0-9a-f]{2})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
}

function hexOf(key: string): string {
  return Buffer.from(key, 'latin1').toString('hex');
}

/**
 * For 0, 1 and 2 bytes before the key in its group of three, the characters of its base64 that depend on the key
 * alone.
 */
function base64Cores(key: string): string[] {
  return [0, 1, 2].map((before) => {
    const bytes = Buffer.concat([Buffer.alloc(before), Buffer.from(key, 'latin1')]);
    const shared = Math.ceil((before * 8) / 6);
    const whole = Math.floor((bytes.length * 8) / 6);
    return bytes.toString('base64').slice(shared, whole);
  });
}
