import { ANY_ORIGIN } from '../server/index.ts';
import type { ServeSettings } from './serveSettings.ts';

/**
 * What an operator should know before the first request, one sentence or two each.
 *
 * **Security**: names headers and the app's id, never a value.
 */
export function startupWarnings({ app }: Pick<ServeSettings, 'app'>): string[] {
  // A configuration file is warned about where it is read.
  if (app === null) return [];
  const { id, secret, headers, inArgv, upstreams, reportOnly } = app;
  const names = headers.map(([name]) => name).join(', ');
  const warnings: string[] = [];
  if (upstreams.includes(ANY_ORIGIN)) {
    const loot = names === '' ? 'requests' : `requests carrying ${names}`;
    const cost = names === '' ? '' : ', its own included, and read them there';
    warnings.push(
      `every upstream is allowed. Whoever learns the secret of app '${id}' can send ${loot} to any public ` +
        `server${cost}. Close this with --allow-upstream, such as --allow-upstream https://api.example.com`,
    );
  }
  if (reportOnly) {
    warnings.push(
      'requests to other upstreams pass and are only reported (--report-only), with the headers: nothing is closed ' +
        'until it is left out',
    );
  }
  const bytes = new TextEncoder().encode(secret).byteLength;
  if (bytes < 32) {
    warnings.push(
      `the secret of app '${id}' has ${bytes} bytes; use 32 or more, so that it cannot be guessed from one ` +
        'signed URL. `signway keygen` makes one',
    );
  }
  const exposed = [...(inArgv.secret ? ['the secret'] : []), ...inArgv.headers];
  if (exposed.length > 0) {
    const are = exposed.length === 1 ? 'is' : 'are';
    warnings.push(
      `${exposed.join(', ')} ${are} on the command line, which every user of this machine can read. ` +
        'Use SW_SECRET and SW_HEADERS, or SW_SECRET_FILE and SW_HEADERS_FILE',
    );
  }
  return warnings;
}
