import { TransportError } from '../transport.ts';

/** Says why there is no connection, by the code that the socket or its TLS gave; never by its message. */
export function connectFailure(error: unknown, stage: 'connect' | 'tls'): TransportError {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  const reason = (stage === 'tls' ? TLS_REASONS : CONNECT_REASONS).get(String(code));
  if (code === 'ETIMEDOUT')
    return new TransportError('upstream_timeout', 'connect: timed out', { sent: false });
  return new TransportError(
    'upstream_unreachable',
    `${stage}: ${reason ?? (stage === 'tls' ? 'handshake failed' : 'failed')}`,
    { sent: false },
  );
}

const CONNECT_REASONS: ReadonlyMap<string, string> = new Map([
  ['ECONNREFUSED', 'refused'],
  ['ECONNRESET', 'reset'],
  ['EHOSTUNREACH', 'host unreachable'],
  ['ENETUNREACH', 'network unreachable'],
  ['EADDRNOTAVAIL', 'no local address'],
  ['EMFILE', 'too many open files'],
  ['ENFILE', 'too many open files'],
]);

const NOT_TRUSTED = 'certificate not trusted';

const TLS_REASONS: ReadonlyMap<string, string> = new Map([
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'name mismatch'],
  ['HOSTNAME_MISMATCH', 'name mismatch'],
  ['CERT_HAS_EXPIRED', 'certificate expired'],
  ['CERT_NOT_YET_VALID', 'certificate not valid yet'],
  ['CERT_REVOKED', 'certificate revoked'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', NOT_TRUSTED],
  ['UNABLE_TO_GET_ISSUER_CERT', NOT_TRUSTED],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', NOT_TRUSTED],
  ['SELF_SIGNED_CERT_IN_CHAIN', NOT_TRUSTED],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', NOT_TRUSTED],
  ['CERT_UNTRUSTED', NOT_TRUSTED],
  ['EPROTO', 'protocol error'],
  ['ECONNRESET', 'closed in the handshake'],
]);
