/** A nonce (docs/protocol.md, "Extensions"). */
export const NONCE = /^[A-Za-z0-9\-_]{1,128}$/;

/** A subject: printable ASCII. */
export const SUBJECT = /^[ -~]{1,128}$/;

export const MAX_USES = 0x7fff_ffff;

/** How many bytes of UTF-8 a schema in a signed URL may have. */
export const MAX_BODY_SCHEMA_BYTES = 2048;

/** The name of a schema in an app's configuration. */
export const SCHEMA_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** Reads `X-Sw-Uses`: 1 to {@link MAX_USES} in plain digits; undefined for anything else. */
export function parseUses(text: string): number | undefined {
  return /^[1-9]\d{0,9}$/.test(text) && Number(text) <= MAX_USES ? Number(text) : undefined;
}
