import type { SignwayOptions } from '../server/index.ts';
import { CliError } from './cliError.ts';
import { EXIT } from './exitCodes.ts';

/** `fetch`: Bun's own client, in a child process (`serveInChild.ts`). `http1`: the gateway's, which needs none. */
export type TransportName = (typeof TRANSPORTS)[number];

const TRANSPORTS = ['fetch', 'http1'] as const;

export const DEFAULT_TRANSPORT: TransportName = 'http1';

/** @throws {CliError} 2 */
export function readTransport(text: string = DEFAULT_TRANSPORT): TransportName {
  const name = TRANSPORTS.find((each) => each === text);
  if (name === undefined) {
    throw new CliError(EXIT.usage, `--transport must be ${TRANSPORTS.join(' or ')}, not '${text}'`);
  }
  return name;
}

/** The options that choose it, with only what is used loaded. `ca` is PEM, trusted beside the system's authorities. */
export async function transportOptions(
  name: TransportName,
  ca: string | undefined,
): Promise<Pick<SignwayOptions, 'transport' | 'upstreamCa'>> {
  if (name === 'http1') return ca === undefined ? {} : { upstreamCa: ca };
  const { createFetchTransport } = await import('../server/transport/fetchTransport.ts');
  return { transport: createFetchTransport(ca === undefined ? {} : { ca }) };
}
