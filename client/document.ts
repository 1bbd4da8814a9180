/** JSON as its value, anything else as it is. */
export function parseDocument(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** A problem document's detail, or the message where the APIs put theirs: `error.message`, or `message`. */
export function messageOf(document: unknown): string | undefined {
  const { detail, error, message } = members(document);
  return [detail, members(error).message, message].find((text) => typeof text === 'string') as
    | string
    | undefined;
}

/** The members of an object; of anything else, none. */
export function members(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
