import { Refusal } from '../signing/refusal.ts';
import { signedBodyLength } from '../signing/signedBodyLength.ts';
import type { SignedUrl } from '../signing/signedUrl.ts';
import type { ClientBody, ClientRequest } from './clientRequest.ts';
import type { CompiledApp } from './compiledApp.ts';
import { isJsonType } from './extensions/jsonBody.ts';
import type { Limits } from './limits.ts';
import type { Place } from './occupancy/occupancy.ts';
import type { RequestBody } from './transport/transport.ts';

/**
 * Holds a signed body in memory, once its declared length has been judged and found to fit in.
 *
 * @throws {Refusal} `length_required`, `body_too_large`, `overloaded`, `request_timeout`, `bad_request`
 */
export function readSignedBody(
  { body, http2 }: ClientRequest,
  { head, limits, place }: { head: Parameters<typeof signedBodyLength>[0]; limits: Limits; place: Place },
): Promise<Uint8Array> {
  signedBodyLength(head, { http2 });
  checkDeclaredLength(body, limits.maxSignedBody);
  return readHeld(body, { limits, place });
}

/**
 * Refuses a body by its declared length, before any of it is read; one without is counted as it comes.
 *
 * @throws {Refusal} `body_too_large`
 */
export function checkDeclaredLength({ declared }: ClientBody, limit: number): void {
  if (declared !== null && declared > limit) throw bodyTooLarge(limit);
}

/** Whether something has to read a body that is not signed, before any of it goes to the upstream. */
export function mustHoldBody(
  request: ClientRequest,
  { url, app }: { url: SignedUrl; app: CompiledApp },
): boolean {
  if (url.extensions.includes('X-Sw-BodySchema')) return true;
  if (app.countsTokens && isJsonType(request.headers.get('content-type'))) return true;
  return app.countsBytes && request.body.declared === null;
}

/**
 * Holds a body in memory that is not signed, but that something has to read before it goes to the upstream. Null when
 * the request has none.
 *
 * @throws {Refusal} `body_too_large`, `overloaded`, `request_timeout`, `bad_request`
 */
export async function readWholeBody(
  { body }: ClientRequest,
  { limits, place }: { limits: Limits; place: Place },
): Promise<Uint8Array | null> {
  const bytes = await readHeld(body, { limits, place });
  return bytes.byteLength === 0 && body.declared === null ? null : bytes;
}

function readHeld(
  body: ClientBody,
  { limits, place }: { limits: Limits; place: Place },
): Promise<Uint8Array> {
  place.checkRoom(body.declared ?? 0);
  return body.read({
    bytes: limits.maxSignedBody,
    timeout: limits.bodyTimeout,
    hold: (bytes) => place.hold(bytes),
  });
}

/** The body that goes to the upstream as it comes, held back by the upstream's pace. */
export function forwardBody({ body }: ClientRequest, limits: Limits): RequestBody {
  return body.forward({ bytes: limits.maxBody, timeout: limits.bodySilenceTimeout });
}

export function bodyTooLarge(limit: number): Refusal {
  return new Refusal('body_too_large', `the body must not be over ${limit} bytes`);
}

export function bodyTimedOut(timeout: number): Refusal {
  return new Refusal(
    'request_timeout',
    `nothing came of the body for ${timeout} ms, or not all of it in time`,
  );
}
