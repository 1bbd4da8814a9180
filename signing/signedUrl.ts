import type { Pair } from './canonicalRequest.ts';
import { ALGORITHM } from './parameters.ts';
import type { UpstreamUrl } from './upstreamUrl.ts';

/** What a signed URL says. Parsed and well-formed, but not to be trusted: nothing of it is verified. */
export interface SignedUrl {
  readonly appId: string;
  /** The signing time as sent, `YYYYMMDDTHHMMSSZ`. */
  readonly timestamp: string;
  /** Its day, `YYYYMMDD`. */
  readonly day: string;
  /** The signing time in milliseconds since the epoch. */
  readonly signedAt: number;
  /** Seconds of validity. */
  readonly expires: number;
  readonly upstream: UpstreamUrl;
  /** Lower-case names, in the order in which they were sent. */
  readonly signedHeaders: readonly string[];
  readonly signsBody: boolean;
  readonly signature: string;
  /** Every signed parameter but the signature, decoded. */
  readonly parameters: readonly Pair[];
  /** The strict canonical query of the parameters: their values encoded by RFC 3986. */
  readonly strictQuery: string;
  /** The names of the parameters beyond the eight. */
  readonly extensions: readonly string[];
}

export type ParsedParts = Omit<SignedUrl, 'parameters' | 'extensions'> & {
  /** The value of `X-Sw-Proxy`, decoded. */
  readonly proxy: string;
  readonly extensionPairs: readonly Pair[];
};

/** Pairs its parameters when it is asked for them, which a signature in the usual spelling needs not. */
export class ParsedUrl implements SignedUrl {
  readonly appId: string;
  readonly timestamp: string;
  readonly day: string;
  readonly signedAt: number;
  readonly expires: number;
  readonly upstream: UpstreamUrl;
  readonly signedHeaders: readonly string[];
  readonly signsBody: boolean;
  readonly signature: string;
  readonly strictQuery: string;
  readonly extensions: readonly string[];
  private readonly proxy: string;
  private readonly extensionPairs: readonly Pair[];

  constructor(parts: ParsedParts) {
    this.appId = parts.appId;
    this.timestamp = parts.timestamp;
    this.day = parts.day;
    this.signedAt = parts.signedAt;
    this.expires = parts.expires;
    this.upstream = parts.upstream;
    this.signedHeaders = parts.signedHeaders;
    this.signsBody = parts.signsBody;
    this.signature = parts.signature;
    this.strictQuery = parts.strictQuery;
    this.extensions =
      parts.extensionPairs.length === 0 ? NO_NAMES : parts.extensionPairs.map(([name]) => name);
    this.proxy = parts.proxy;
    this.extensionPairs = parts.extensionPairs;
  }

  get parameters(): readonly Pair[] {
    const { proxy, extensionPairs } = this;
    return signedParameters(this, { proxy, extensionPairs });
  }
}

/** Every parameter but the signature, decoded; the protocol's own in the order of their names, the canonical one. */
export function signedParameters(
  url: Pick<SignedUrl, 'appId' | 'day' | 'timestamp' | 'expires' | 'signedHeaders' | 'signsBody'>,
  { proxy, extensionPairs }: Pick<ParsedParts, 'proxy' | 'extensionPairs'>,
): readonly Pair[] {
  return [
    ['X-Sw-Algorithm', ALGORITHM],
    ['X-Sw-Body', String(url.signsBody)],
    ['X-Sw-Credential', `${url.appId}/${url.day}`],
    ['X-Sw-Date', url.timestamp],
    ['X-Sw-Expires', String(url.expires)],
    ['X-Sw-Proxy', proxy],
    ['X-Sw-SignedHeaders', url.signedHeaders.join(';')],
    ...extensionPairs,
  ];
}

const NO_NAMES: readonly string[] = [];
