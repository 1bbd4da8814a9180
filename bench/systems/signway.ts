import { freePort, startProcess } from '../machine/startProcess.ts';
import { SIGNER, signedUrls } from './signedUrls.ts';
import { SIGNWAY_COMMAND, signwayOptions } from './signwayOptions.ts';
import { INJECTED, type Setup, type Surroundings, type System } from './system.ts';

export interface SignwayOptions {
  /** Without all that an option switches off. Default: with every default. */
  bare?: boolean;
  /** Further options of `signway serve`, separated by spaces; the system is named by them. Default: none. */
  extra?: string;
  /** A folder for the CPU profiles that its processes leave when they end. Default: none. */
  profiles?: string;
}

/** This gateway, by its command line. */
export function signway(
  surroundings: Surroundings,
  { bare = false, extra, profiles }: SignwayOptions = {},
): System {
  const options = signwayOptions();
  const off = bare ? [...options].filter((option) => option.startsWith('--no-')) : [];
  return {
    name: bare ? 'signway-bare' : extra === undefined ? 'signway' : `signway ${extra}`,
    about: bare ? `this gateway with ${off.join(' ')}` : 'this gateway, every default on',
    missing: (setup) => missing(setup, options),
    async start({ workers, tls }) {
      const { folder, upstreams, certificates } = surroundings;
      const port = freePort();
      const { host } = new URL(upstreams.tls);
      const command = [
        ...[...SIGNWAY_COMMAND, 'serve', '--host', '127.0.0.1', '--port', String(port), '--drain', '1s'],
        ...['--allow-network', '127.0.0.0/8', '--resolve', `${host}:127.0.0.1`],
        ...['--upstream-ca', certificates.ca, ...off, ...(extra?.split(' ') ?? [])],
        ...(workers > 1 ? ['--workers', String(workers)] : []),
        ...(tls ? ['--tls-cert', certificates.certificate, '--tls-key', certificates.key] : []),
      ];
      const running = await startProcess(command, {
        port,
        folder,
        env: {
          SW_ID: `${SIGNER.idPrefix}0`,
          SW_SECRET: SIGNER.secret,
          SW_HEADERS: `${INJECTED.name}: ${INJECTED.value}`,
          ...(profiles === undefined ? {} : { BUN_OPTIONS: `--cpu-prof --cpu-prof-dir=${profiles}` }),
        },
      });
      return {
        ...running,
        ...signedUrls(`${tls ? 'https' : 'http'}://127.0.0.1:${port}`, { upstreams, refusedStatus: 400 }),
      };
    },
  };
}

function missing({ workers, tls, apps }: Setup, options: ReadonlySet<string>): string | null {
  if (workers > 1 && !options.has('--workers')) return 'has no option --workers';
  if (tls && !options.has('--tls-cert')) return 'has no option --tls-cert';
  return apps > 1 ? 'has one app on the command line' : null;
}
