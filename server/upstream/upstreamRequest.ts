import type { UpstreamUrl } from '../../signing/upstreamUrl.ts';
import type { VerifiedRequest } from '../../signing/verifySignature.ts';
import type { RequestHeaders } from '../clientRequest.ts';
import type { CompiledUpstream } from '../compiledApp.ts';
import type { UpstreamHeaders } from '../headers/upstreamHeaders.ts';
import type { Limits } from '../limits.ts';
import type { Deadlines, RequestBody, UpstreamRequest } from '../transport/transport.ts';
import { portOf } from './network.ts';

export interface UpstreamRequestParts {
  /** What the verified URL says, or what its grant opens. */
  readonly url: UpstreamUrl;
  /** The client's headers. */
  readonly client: RequestHeaders;
  readonly upstream: CompiledUpstream;
  /** Checked by {@link UpstreamNetwork.authorise}. */
  readonly address: string;
  readonly body: RequestBody;
  readonly deadlines: Deadlines;
  readonly upstreamHeaders: UpstreamHeaders;
}

/** The gateway's, or those of one upstream. */
export function deadlinesOf(limits: Limits): Deadlines {
  return {
    connect: limits.connectTimeout,
    head: limits.headTimeout,
    silence: limits.silenceTimeout,
    total: limits.totalTimeout,
  };
}

/** Builds what is sent upstream: a new value, from a verified request only. */
export function upstreamRequest(verified: VerifiedRequest, parts: UpstreamRequestParts): UpstreamRequest {
  const { url } = parts;
  const { injected, injectedNames } = parts.upstream;
  return {
    method: verified.method,
    scheme: url.protocol === 'https:' ? 'https' : 'http',
    hostname: url.hostname,
    port: portOf(url),
    address: parts.address,
    target: url.pathname + url.search,
    headers: parts.upstreamHeaders(parts.client, { host: url.host, injected, injectedNames }),
    body: parts.body,
    deadlines: parts.deadlines,
  };
}
