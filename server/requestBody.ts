import { Refusal } from '../signing/refusal.ts';
import type { Limits } from './limits.ts';
import type { RequestBody } from './transport/transport.ts';

/**
 * Reads a signed body whole.
 *
 * @param length as declared: the server's parser sees to it that the body is not longer
 * @throws {Refusal} `request_timeout`
 */
export async function readSignedBody(
  request: Request,
  { length, limits }: { length: number; limits: Pick<Limits, 'bodyTimeout'> },
): Promise<Uint8Array> {
  if (length === 0) return new Uint8Array(0);
  if (limits.bodyTimeout === 0) return request.bytes();
  const { promise: tooLate, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    reject(new Refusal('request_timeout', `the body did not arrive within ${limits.bodyTimeout} ms`));
  }, limits.bodyTimeout);
  try {
    return await Promise.race([request.bytes(), tooLate]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Refuses a body by its declared length. One without is cut off at the limit by the server's parser.
 *
 * @throws {Refusal} `body_too_large`
 */
export function checkDeclaredLength(request: Request, limit: number): void {
  if (Number(request.headers.get('content-length') ?? 0) > limit) throw tooLarge(limit);
}

/** The body that goes to the upstream as it comes, held back by the upstream's pace. */
export function streamedBody(request: Request): RequestBody {
  const declared = request.headers.get('content-length');
  if (declared === '0') return new Uint8Array(0);
  if (request.body === null) return null;
  return { stream: request.body, length: declared === null ? null : Number(declared) };
}

function tooLarge(limit: number): Refusal {
  return new Refusal('body_too_large', `the body must not be over ${limit} bytes`);
}
