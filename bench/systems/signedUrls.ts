import { randomBytes } from 'node:crypto';
import { signUrl } from '../../signing/signUrl.ts';
import type { Upstreams } from '../upstreams/startUpstreams.ts';
import type { RunningSystem } from './system.ts';

/** Those of the bench who sign: `bench-0`, `bench-1` and on, with one secret. */
export const SIGNER = { idPrefix: 'bench-', secret: randomBytes(32).toString('base64url') } as const;

/** The URLs of a gateway that verifies signatures. Its refusal is one that takes a whole verification. */
export function signedUrls(
  origin: string,
  { upstreams, refusedStatus }: { upstreams: Upstreams; refusedStatus: number },
): Pick<RunningSystem, 'url' | 'refused'> {
  const url: RunningSystem['url'] = (upstream, path, { method = 'GET', app = 0 } = {}) =>
    signUrl({
      id: `${SIGNER.idPrefix}${app}`,
      secret: SIGNER.secret,
      host: origin,
      proxyUrl: upstreams[upstream] + path,
      expiry: 86_400,
      method,
    });
  return { url, refused: { url: withWrongSignature(url('json', '/')), status: refusedStatus } };
}

function withWrongSignature(url: string): string {
  const last = url.at(-1) === '0' ? '1' : '0';
  return url.slice(0, -1) + last;
}
