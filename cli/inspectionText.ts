import { formatDuration } from './duration.ts';
import type { Inspection } from './inspection.ts';
import type { Palette } from './palette.ts';

/**
 * Writes an inspection as a table for a person.
 *
 * **Security**: control characters of the URL's values are escaped, so that a URL cannot drive the terminal.
 */
export function inspectionText(inspection: Inspection, palette: Palette, now: number): string {
  const rows = inspection.signed === null ? [] : describe(inspection, now);
  rows.push(['Signature', verdict(inspection, palette)]);
  if (inspection.refusal !== null) {
    const { code, detail } = inspection.refusal;
    rows.push(['A gateway says', `${palette.bad(code)}: ${detail}`]);
  }
  const width = Math.max(...rows.map(([name]) => name.length)) + 2;
  const table = rows.map(([name, text]) => palette.heading(name.padEnd(width)) + printable(text)).join('\n');
  return `${table}\n${intermediates(inspection, palette)}`;
}

function describe({ signed, expiresAt }: Inspection, now: number): [string, string][] {
  if (signed === null || expiresAt === null) return [];
  const left = expiresAt - now;
  const validFor = formatDuration(signed.expires * 1000);
  const expiry = left < 0 ? `expired ${formatDuration(-left)} ago` : `${formatDuration(left)} left`;
  return [
    ['Upstream', signed.upstream.href],
    ['App', signed.appId],
    ['Signed at', readableTime(signed.signedAt)],
    ['Expires', `${readableTime(expiresAt)} (valid for ${validFor}, ${expiry})`],
    ['Signed headers', signed.signedHeaders.join(', ') || 'none: the client may send any'],
    ['Body', signed.signsBody ? 'signed: no other will do' : 'not signed: the client may send any'],
    ...signed.extensions.map((name): [string, string] => [
      name,
      Object.fromEntries(signed.parameters)[name] ?? '',
    ]),
  ];
}

function readableTime(milliseconds: number): string {
  const date = new Date(milliseconds);
  if (Number.isNaN(date.getTime())) return 'beyond the calendar';
  return date.toISOString().replace('T', ' ').replace('.000Z', ' UTC');
}

function verdict({ signature }: Inspection, palette: Palette): string {
  switch (signature.verdict) {
    case 'valid':
      return `${palette.good('valid')} for ${signature.method}`;
    case 'invalid':
      return `${palette.bad('invalid')}: ${signature.detail}`;
    case 'not checked':
      return `not checked: needs ${signature.missing}`;
  }
}

function intermediates({ signature }: Inspection, palette: Palette): string {
  if (signature.verdict !== 'invalid' || signature.canonicalRequest === undefined) return '';
  const block = (title: string, text: string) =>
    `\n${palette.heading(title)}\n${text
      .split('\n')
      .map((line) => `  ${palette.faint('|')} ${printable(line)}`)
      .join('\n')}\n`;
  return (
    block('The canonical request, as it is seen here (a body as its SHA-256)', signature.canonicalRequest) +
    block('The string to sign', signature.stringToSign ?? '')
  );
}

function printable(text: string): string {
  // The palette's own escape sequences (ESC [ digits m) stay.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is escaped
  return text.replace(/(?!\u001b\[\d+m)[\u0000-\u001f\u007f-\u009f]/g, (character) => {
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
}
