import { formatDuration } from '../config/duration.ts';
import { extensionMeanings } from './extensionMeanings.ts';
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
  for (const [index, { code, detail }] of inspection.refusals.entries()) {
    rows.push([index === 0 ? 'A gateway says' : 'and then', `${palette.bad(code)}: ${detail}`]);
  }
  const width = Math.max(...rows.map(([name]) => name.length)) + 2;
  const table = rows
    .map(([name, ...lines]) => {
      const text = lines.map(printable).join(`\n${' '.repeat(width)}`);
      return palette.heading(name.padEnd(width)) + text;
    })
    .join('\n');
  return `${table}\n${intermediates(inspection, palette)}`;
}

type Row = [name: string, ...lines: string[]];

function describe({ signed, isGrant, target, expiresAt }: Inspection, now: number): Row[] {
  if (signed === null || expiresAt === null) return [];
  const left = expiresAt - now;
  const validFor = formatDuration(signed.expires * 1000);
  const expiry = left < 0 ? `expired ${formatDuration(-left)} ago` : `${formatDuration(left)} left`;
  const upstream = signed.upstream.href;
  return [
    ['Upstream', isGrant ? `${upstream} and what lies below it` : upstream],
    ...(target === null || target.href === upstream ? [] : [['This request', target.href] satisfies Row]),
    ['App', signed.appId],
    ['Signed at', readableTime(signed.signedAt)],
    ['Expires', `${readableTime(expiresAt)} (valid for ${validFor}, ${expiry})`],
    ['Signed headers', signed.signedHeaders.join(', ') || 'none: the client may send any'],
    ['Body', signed.signsBody ? 'signed: no other will do' : 'not signed: the client may send any'],
    ...extensionMeanings(signed).map(({ name, value, meaning }): Row => [name, value, meaning ?? UNKNOWN]),
  ];
}

const UNKNOWN = 'not known: a gateway answers unknown_parameter';

function readableTime(milliseconds: number): string {
  const date = new Date(milliseconds);
  if (Number.isNaN(date.getTime())) return 'beyond the calendar';
  return date.toISOString().replace('T', ' ').replace('.000Z', ' UTC');
}

function verdict({ signature }: Inspection, palette: Palette): string {
  switch (signature.verdict) {
    case 'valid':
      return `${palette.good('valid')} for ${signature.methods.join(' or ')}`;
    case 'invalid':
      return `${palette.bad('invalid')}: ${signature.detail}`;
    case 'not checked':
      return `not checked: needs ${signature.missing}`;
  }
}

function intermediates({ signature, methodGiven }: Inspection, palette: Palette): string {
  if (signature.verdict !== 'invalid' || signature.canonicalRequest === undefined) return '';
  const block = (title: string, text: string) =>
    `\n${palette.heading(title)}\n${text
      .split('\n')
      .map((line) => `  ${palette.faint('|')} ${printable(line)}`)
      .join('\n')}\n`;
  const assumed = methodGiven
    ? ''
    : `; ${signature.method} is assumed: the method is not in the URL, -X gives it`;
  return (
    block(
      `The canonical request, as it is seen here (a body as its SHA-256${assumed})`,
      signature.canonicalRequest,
    ) + block('The string to sign', signature.stringToSign ?? '')
  );
}

function printable(text: string): string {
  // The palette's own escape sequences (ESC [ digits m) stay.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is escaped
  return text.replace(/(?!\u001b\[\d+m)[\u0000-\u001f\u007f-\u009f]/g, (character) => {
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
}
