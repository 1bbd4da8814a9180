/**
 * Percent-encodes by RFC 3986: everything but `A-Z a-z 0-9 - . _ ~`, as UTF-8 in upper-case hex.
 * `text` must be well-formed (no lone surrogate).
 */
export function encodeStrict(text: string): string {
  if (UNRESERVED.test(text)) return text;
  const encoded = encodeURIComponent(text);
  return LEFT_BY_COMPONENT.test(encoded) ? encoded.replace(LEFT_BY_COMPONENT_ALL, hexEscape) : encoded;
}

/** Percent-encodes as `encodeURIComponent` does, which leaves `! ' ( ) *` as they are. */
export function encodeComponent(text: string): string {
  if (UNRESERVED.test(text)) return text;
  return encodeURIComponent(text);
}

/** Whether {@link encodeComponent} writes otherwise what {@link encodeStrict} has written like this. */
export function differsByComponent(strict: string): boolean {
  return ESCAPED_BY_STRICT_ALONE.test(strict);
}

/**
 * Decodes once, as a form field: `+` is a space, `%XX` are bytes of UTF-8.
 * Undefined when an escape is invalid or the bytes are not UTF-8.
 */
export function decodeForm(raw: string): string | undefined {
  if (!NEEDS_DECODING.test(raw)) return raw;
  try {
    return decodeURIComponent(raw.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}

/** Whether no encoding changes the text. */
export function isUnreserved(text: string): boolean {
  return UNRESERVED.test(text);
}

// Most values are written as they are, and a test costs a tenth of an encoding.
const UNRESERVED = /^[A-Za-z0-9\-._~]*$/;
const LEFT_BY_COMPONENT = /[!'()*]/;
const LEFT_BY_COMPONENT_ALL = /[!'()*]/g;
const ESCAPED_BY_STRICT_ALONE = /%2[1789A]/;
const NEEDS_DECODING = /[%+]/;

function hexEscape(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}
