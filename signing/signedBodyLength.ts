import { Refusal } from './refusal.ts';
import type { ReceivedRequest } from './verifySignature.ts';

/**
 * The declared length of a signed body, in bytes. Over HTTP/1.1 a request with neither a length nor a transfer
 * coding has a body of 0 bytes (RFC 9112, section 6.3); over HTTP/2 it has one of unknown length.
 *
 * **Security**: a length that is not plain digits is refused here too, whatever parser stands in front: `NaN`
 * would pass every limit.
 *
 * @throws {Refusal} `length_required`, `bad_request`
 */
export function signedBodyLength(
  request: Pick<ReceivedRequest, 'header'>,
  options: { http2?: boolean } = {},
): number {
  const length = request.header('content-length');
  if (request.header('transfer-encoding') !== null || (length === null && options.http2 === true)) {
    throw new Refusal('length_required', 'a signed body must be sent with its Content-Length');
  }
  if (length !== null && !/^\d+$/.test(length))
    throw new Refusal('bad_request', 'Content-Length is no length');
  return Number(length ?? 0);
}
